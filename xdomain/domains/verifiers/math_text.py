"""Compare mathematical answers by their text, and prepare text for the parser.

The parser, latex2sympy as math-verify calls it, reads "listen" as a product of six letters, drops the base of `52_8`,
reads "3:1" as a division, and uses only the first number of a text that it cannot read. Such answers are compared here.
"""

from __future__ import annotations

import re
from fractions import Fraction

from xdomain.domains.extraction.wrappers import bare, plain
from xdomain.domains.verifiers.quantity import Quantity, read_quantity

MATHS = re.compile(r"\$\$([^$]+)\$\$|\$([^$]+)\$|\\\(((?:(?!\\\)).)+)\\\)|\\\[((?:(?!\\\]).)+)\\\]", re.S)
JOINT = re.compile(r"\s*(?:,|;|,?\s*(?:and|or))?\s*")
FUNCTIONS = "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi|infty|cup|cap|pm|times|cdot"
BARE_FUNCTION = re.compile(rf"(?<![\\A-Za-z])({FUNCTIONS})(?![A-Za-z])")
SYMBOLS = str.maketrans(
    {
        "×": "\\times ",
        "·": "\\cdot ",
        "÷": "/",
        "π": "\\pi ",
        "∞": "\\infty ",
        "≤": "\\le ",
        "≥": "\\ge ",
        "∪": "\\cup ",
        "∩": "\\cap ",
        "±": "\\pm ",
        "∈": "\\in ",
        "∅": "\\emptyset ",
        "≠": "\\ne ",
        "θ": "\\theta ",
        "α": "\\alpha ",
        "β": "\\beta ",
        "≈": "\\approx ",
    }
)
ROOT = re.compile(r"√\s*(?:\(([^()]*)\)|\{([^{}]*)\}|(\d+|[A-Za-z]))")
ROOT_OF_BRACKET = re.compile(r"\\sqrt\s*\(([^()]*)\)")
MIXED = re.compile(r"(?<![\d.\w^_{}/])(\d+)\s*(?:\\frac\s*\{(\d+)\}\s*\{(\d+)\}|\s(\d+)/(\d+))(?![\d.])")
UNITS_BEHIND = re.compile(
    r"(?<=[\w})\]])\s+(?:(?:per|of|in|the|square|cubic|sq\.?)\s+)*[A-Za-z]{2,}(?:\s+(?:per|of|in|a|the)\s+[A-Za-z]{2,}|\s+[A-Za-z]{3,})*(?:\^\{?\d\}?)?\s*\Z"
)
ROMAN_UNIT = re.compile(
    r"(?<=[A-Za-z})])[\s~\\]{0,3}\\(?:text|mathrm|mbox)\s?\{[\s~]{0,3}[mgshLNJVW]\}\s?(?:\^\{?\d\}?)?[\s$]{0,3}\Z"
)
WORD_BEHIND = re.compile(r"(?<=[\w})])(?=\\(?:text|mathrm|mbox)\s*\{\s*[A-Za-z])")
LETTER_BEHIND = re.compile(r"-?\d+[A-Za-z]")  # a product: a unit would be written in \text{}
DOTS = re.compile(r"\\[lc]?dots[cb]?(?![A-Za-z])|\.\.\.|…")
RATIO = re.compile(r"\s*-?\d[\d.,]*\s*(?:(?::|to\s)\s*-?\d[\d.,]*\s*)+")
CLOCK = re.compile(r"\s*0?(\d{1,2}:\d\d(?::\d\d)?)\s*(?:([ap])\.?\s?m\.?)?\s*", re.I)
LABELLED = re.compile(r"\(([A-J])\)\s+(.+)", re.S)
WITH_BASE = re.compile(r"\s*([0-9A-Fa-f]+)\s*_\s*\{?\s*(\d+)\s*\}?\s*")
NAMED = re.compile(r"\s*(\\?[A-Za-z]\w*(?:_\{?\w+\}?)?)\s*=(?!=)")
REPEATING = re.compile(r"(\d*)\.(\d*)\\(?:overline|bar)\s*\{(\d+)\}")
LAST_VERB = re.compile(
    r".*\b(?:is|are|equals|be)\b(?:\s+(?:equal to|given by|therefore|thus|the set|approximately|about))?:?\s+(?=\S)"
    r"|.*[A-Za-z]{2}:\s+(?=\S)",
    re.S,
)
TWO_WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")

UNITS = {
    **{name: name for name in ("mm", "cm", "m", "km", "in", "ft", "yd", "mi", "mg", "g", "kg", "min", "h")},
    **{"centimeters": "cm", "meters": "m", "kilometers": "km", "inches": "in", "feet": "ft", "yards": "yd"},
    **{"miles": "mi", "grams": "g", "kilograms": "kg", "seconds": "s", "minutes": "min", "hours": "h"},
    **{"days": "day", "weeks": "week", "cents": "cent", "¢": "cent", "$": "dollar", "dollars": "dollar"},
}
"""Units that are distinguished. Other names are ignored."""


def tidy(text: str) -> str:
    """Return the mathematical part of an answer, without wrappers, words before it, and units after it."""
    text = bare(text.strip())
    segments = list(MATHS.finditer(text))
    if segments and not (len(segments) == 1 and segments[0].end() - segments[0].start() == len(text)):
        text = join_segments(text, segments)
    unit = ROMAN_UNIT.search(text)
    if unit and read_quantity(text) is None:
        text = text[: unit.start()]
    text = plain(WORD_BEHIND.sub(" ", text)).translate(SYMBOLS)
    text = ROOT.sub(lambda found: "\\sqrt{" + next(filter(None, found.groups())) + "}", text)
    text = REPEATING.sub(repeating, text).replace("\\varnothing", "\\emptyset")
    text = ROOT_OF_BRACKET.sub(r"\\sqrt{\1}", text)
    return text.strip()


def repeating(found: re.Match[str]) -> str:
    """Return the fraction that equals a repeating decimal."""
    whole, once, again = found.groups()
    all_of_it, before = int(whole + once + again), int((whole + once) or "0")
    return f"\\frac{{{all_of_it - before}}}{{{(10 ** len(again) - 1) * 10 ** len(once)}}}"


def join_segments(text: str, segments: list[re.Match[str]]) -> str:
    """Return the last formula of a sentence, with earlier formulas that a comma or a conjunction joins to it."""
    if any(text[index - 1 : index] == "\\" for index in (segments[0].start(),)):
        return text
    last = len(segments) - 1
    while last > 0 and JOINT.fullmatch(text[segments[last - 1].end() : segments[last].start()]):
        last -= 1
    first, behind = segments[last], text[segments[-1].end() :]
    if last == 0 and not TWO_WORDS.search(text[: first.start()]):
        return text  # the formula is a part of a longer one
    texts = [next(filter(None, segment.groups())) for segment in segments[last:]]
    joints = [text[a.end() : b.start()] for a, b in zip(segments[last:], segments[last + 1 :], strict=False)]
    joined: str = texts[0]
    for joint, more in zip(joints, texts[1:], strict=True):
        joined += (" or " if "or" in joint else ", ") + more
    return joined + behind


def without_labels(gold: str, answer: str) -> tuple[str, str]:
    """Return two tidied answers, with "(B) 5" reduced to "(B)" or "5" if the other has only one of these parts."""

    def like(text: str, other: str) -> str:
        labelled = LABELLED.fullmatch(text)
        if labelled is None or LABELLED.fullmatch(other):
            return text
        return labelled.group(1 if re.fullmatch(r"\(?[A-J]\)?", other) else 2)

    return like(gold, answer), like(answer, gold)


def for_parser(text: str) -> str:
    """Return tidied text in the parser's form: functions with a backslash, mixed numbers as sums, no units."""
    text = re.sub(r"(?<!\\)\$", "", BARE_FUNCTION.sub(r"\\\1", text))
    text = MIXED.sub(lambda found: "({}+\\frac{{{}}}{{{}}})".format(*filter(None, found.groups())), text)
    text = text.replace("°", "").replace("**", "^")
    verb = LAST_VERB.match(text)
    if verb and len(text) > verb.end():
        text = text[verb.end() :]
    text = re.sub(r"(?<=[\d}])\s*%", "\\%", text)
    if word_text(text) is None:
        text = UNITS_BEHIND.sub("", text)
    return text.strip(" .,;:")


def prose(text: str) -> bool:
    """Return whether a text for the parser contains words, which it would read as products of letters."""
    text = re.sub(r"\\(?:begin|end)\{\w+\*?\}", " ", text)
    return TWO_WORDS.search(BARE_FUNCTION.sub("", re.sub(r"\\[A-Za-z]+", " ", text))) is not None and (
        re.search(r"(?<![\\A-Za-z])[A-Za-z]{4,}|(?<![\\A-Za-z])[A-Za-z]{2,}\s+[A-Za-z]{2,}", text) is not None
    )


def compare_texts(gold: str, answer: str) -> bool | None:
    """Return whether two tidied answers are equal, or None if only the parser can decide it."""
    if squeeze(gold) == squeeze(answer):
        return True
    gold_number, answer_number = read_quantity(gold), read_quantity(answer)
    named = [NAMED.match(each) for each in (gold, answer)]
    if named[0] and named[1] and squeeze(named[0].group(1)) != squeeze(named[1].group(1)):
        return None  # "y = 5" and "x = 5": the parser distinguishes them
    if gold_number is not None and answer_number is not None and not LETTER_BEHIND.fullmatch(gold):
        return equal_quantities(gold_number, answer_number)
    for special in (equal_dotted, equal_times, equal_ratios, equal_in_base, equal_words, equal_signs, equal_brackets):
        decided = special(gold, answer)
        if decided is not None:
            return decided
    return None


def settled(text: str) -> bool:
    """Return whether a gold of this form is compared as text and never by the parser."""
    if read_quantity(text) is not None or word_text(text) is not None or DOTS.search(text):
        return True
    return any(form.fullmatch(text) is not None for form in (RATIO, CLOCK, WITH_BASE))


def squeeze(text: str) -> str:
    """Return `text` without spaces and without braces around a single character."""
    return re.sub(r"\{([A-Za-z0-9])\}", r"\1", "".join(text.split()))


def equal_quantities(gold: Quantity, answer: Quantity) -> bool:
    """Return whether two written numbers are equal.

    A per cent sign may be a unit (50% for 50) or part of the number (50% for 1/2). A decimal fraction of six places
    or more equals a fraction that it rounds. "14/3 ≈ 4.67" equals both. Units are compared if both are known.
    """
    mine, yours = (UNITS.get(each.unit) or UNITS.get(each.unit + "s") for each in (gold, answer))
    if mine and yours and mine != yours:
        return False
    if answer.exact is not None and answer.exact == gold.value:
        return True
    if gold.value == answer.value:
        return not (
            answer.unit.startswith("%")
            and not gold.unit.startswith("%")
            and gold.value.denominator > 1
            and abs(gold.value) < 1
        )
    percent = [each.unit.startswith(("%", "percent")) for each in (gold, answer)]
    if percent[0] != percent[1]:
        shares = [each.value / 100 if sign else each.value for each, sign in zip((gold, answer), percent, strict=True)]
        return shares[0] == shares[1] and abs(shares[0]) <= 10
    for exact, other in ((gold, answer), (answer, gold)):
        if exact.rounded is None and other.rounded is not None and other.rounded >= 6:
            return round(exact.value, other.rounded) == other.value
    return False


def equal_dotted(gold: str, answer: str) -> bool | None:
    """Compare sequences with an ellipsis ("1, 2, \\ldots, n") as text."""
    if not DOTS.search(gold) and not DOTS.search(answer):
        return None
    return squeeze(DOTS.sub("...", gold)) == squeeze(DOTS.sub("...", answer))


def equal_times(gold: str, answer: str) -> bool | None:
    """Compare times of day. A time may leave out "a.m." or "p.m." but not exchange them."""
    mine, yours = CLOCK.fullmatch(gold), CLOCK.fullmatch(answer)
    if mine is None or yours is None:
        return None
    halves = {found.group(2).casefold() for found in (mine, yours) if found.group(2)}
    return mine.group(1) == yours.group(1) and len(halves) < 2


def equal_ratios(gold: str, answer: str) -> bool | None:
    """Compare ratios. A ratio equals the same ratio or the fraction of its two numbers, but neither number."""
    sides = [RATIO.fullmatch(each) for each in (gold, answer)]
    if not any(sides):
        return None
    parts = [
        [Fraction(n.replace(",", "").rstrip(".")) for n in re.findall(r"-?\d[\d.,]*", each)] for each in (gold, answer)
    ]
    if all(sides):
        return parts[0] == parts[1]
    other = read_quantity(answer if sides[0] else gold)
    ratio = parts[0] if sides[0] else parts[1]
    return (
        other is not None
        and len(ratio) == 2
        and other.value.denominator > 1
        and ratio[1] != 0
        and ratio[0] / ratio[1] == other.value
    )


def equal_in_base(gold: str, answer: str) -> bool | None:
    """Compare numerals in a base. A numeral equals the same numeral in the same base or without a base."""
    in_base = [WITH_BASE.fullmatch(each) for each in (gold, answer)]
    if not any(in_base):
        return None
    if in_base[0] and in_base[1]:
        return in_base[0].groups() == in_base[1].groups()
    return in_base[0] is not None and in_base[0].group(1) == squeeze(answer)


def equal_words(gold: str, answer: str) -> bool | None:
    """Compare words as text, since the parser would read them as products of letters."""
    words = [word_text(each) for each in (gold, answer)]
    if words[0] is not None and words[1] is not None:
        return words[0] == words[1]
    known = words[0] if words[0] is not None else words[1]
    return False if known is not None and words[0] is not None and len(known) > 3 else None


def word_text(text: str) -> str | None:
    """Return words in small letters without brackets, or None if `text` does not consist of words."""
    inside = text.strip("()[] ")
    if not re.fullmatch(
        r"[A-Za-z][A-Za-z\s'.,-]*|[A-Za-z]+\d+[A-Za-z]+\w*|\d*[A-Z][\dA-Z]*[A-Z]\d*", inside
    ) or BARE_FUNCTION.search(inside):
        return None
    return " ".join(inside.casefold().replace(".", "").split())


def equal_signs(gold: str, answer: str) -> bool | None:
    """Compare answers with a plus-or-minus sign, which are two numbers and never equal one."""
    signed = ["\\pm" in each for each in (gold, answer)]
    if signed[0] == signed[1]:
        return None
    single = read_quantity(answer if signed[0] else gold)
    return False if single is not None and single.value != 0 else None


def equal_brackets(gold: str, answer: str) -> bool | None:
    """Compare brackets. A set in braces is not a pair, and a list of numbers equals a pair only in the same order."""
    kinds = [bracket(each) for each in (gold, answer)]
    if set(kinds) == {"\\{", "("}:
        return False
    if set(kinds) == {"(", ""} and all("," in each for each in (gold, answer)):
        if read_quantity(answer if kinds[0] else gold) is not None:
            return False  # "1,234" is a number, and "(1,234)" is a pair
        pieces = [[read_quantity(piece) for piece in each.strip("() ").split(",")] for each in (gold, answer)]
        if all(piece is not None for each in pieces for piece in each):
            return [piece.value for piece in pieces[0] if piece] == [piece.value for piece in pieces[1] if piece]
    return None


def bracket(text: str) -> str:
    """Return the kind of bracket around all of `text`: "\\\\{", "(", or "" for anything else."""
    text = text.strip()
    if text.startswith("\\{") and text.endswith("\\}"):
        return "\\{"
    return "(" if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else ""
