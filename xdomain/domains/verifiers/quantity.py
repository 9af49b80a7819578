"""Read the number that a whole answer states.

"18 cups", "$1,234.50", "1 1/2", "1.2 \\times 10^3", "v_0 = 12" and "3 + 4 = 7" state one number. "3:1", "2x", "5 or 6",
"3, 4", "52_7" and "4 = 5" state none, since a part of an answer is not the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from xdomain.domains.extraction.wrappers import bare, plain, plain_operators

LONGEST = 1000
"""Largest number of characters in a text that can state a number."""

LARGEST_EXPONENT = 400

DIGITS = (
    r"(?:\d{1,3}(?:[,']\d{3})+(?!\d)|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)|\d{1,3}(?:[ ]\d{3})+(?![\d/])|\d+)(?:\.\d+)?|\.\d+"
)
NUMBER = re.compile(DIGITS)
PLAIN = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?")
FORM = re.compile(
    rf"""(?P<mixed>\d+)(?:\s+and\s+|\s+|(?=\\))(?:\\frac\s*\{{\s*(?P<mt>\d+)\s*\}}\s*\{{\s*(?P<mb>\d+)\s*\}}|(?P<st>\d+)\s*/\s*(?P<sb>\d+))
    |\\frac\s*(?:\{{\s*(?P<top>-?\s*(?:{DIGITS}))\s*\}}\s*\{{\s*(?P<bottom>-?\s*(?:{DIGITS}))\s*\}}|(?P<t1>\d)\s*(?P<b1>\d))
    |(?P<above>{DIGITS})\s*/\s*(?P<below>{DIGITS})
    |(?:(?P<factor>{DIGITS})\s*(?:\\times|\\cdot|[x×*·])\s*)?(?P<base>{DIGITS})\s*(?:\^|\*\*)\s*(?:\{{\s*|\(\s*)?(?P<power>[-+]?\s*\d+)(?:\s*[}})])?
    |(?P<number>{DIGITS})(?:[eE](?P<exponent>[-+]?\d{{1,5}}))?""",
    re.X,
)
LEAD = re.compile(
    r"(?:(?:about|approximately|approx\.?|around|roughly|exactly|only|just|a total of"
    r"|equal to|equals|is|are|US|USD|EUR|GBP"
    r"|INR|Rs\.?|euros?|dollars?)(?![A-Za-z])|\\approx|\\sim|(?:US|AU?|CA?|NZ|HK|R|S)\$|[$£¥\u20a0-\u20bf~≈=:*])\s*",
    re.I,
)
CURRENCY = re.compile(r"US(?=D)|[$£¥\u20a0-\u20bf]|USD|EUR")
EQUALS = re.compile(r"(?<![<>!=])=(?!=)|≈|\\approx|\\simeq|\\equiv|:=")
APPROXIMATES = re.compile(r"≈|\\approx|\\simeq")
SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "lakh": 5, "crore": 7}
SCALE = re.compile(rf"\s*[-–]?\s*({'|'.join(SCALES)})s?(?![A-Za-z])", re.I)

GLUED_UNITS = frozenset(
    (
        "m", "g", "s", "h", "l", "L", "V", "A", "W", "J", "N", "K", "C", "F", "T", "d", "km", "cm", "mm", "dm",
        "nm", "kg", "mg", "lb", "lbs", "oz", "ft", "in", "yd", "mi", "hr", "hrs", "min", "mins", "sec", "secs",
        "ms", "ml", "mL", "kJ", "kW", "kV", "MHz", "GHz", "Hz", "kHz", "Pa", "kPa", "mph", "kmh", "rpm", "am",
        "pm", "AM", "PM", "st", "nd", "rd", "th", "eV", "keV", "MeV", "GB", "MB", "KB", "kWh", "mol", "cups",
        "Nm", "bp", "USD", "EUR",
    )
)  # fmt: skip
"""Units that may follow a number without a space. With other letters ("2x") the text is a product."""
NOT_UNITS = frozenset(
    (
        "x", "y", "z", "n", "k", "a", "b", "c", "e", "i", "t", "pi", "sqrt", "log", "ln", "sin", "cos", "tan",
        "exp", "or", "and/or", "mod", "choose", "to",
    )
)  # fmt: skip
FIRST_WORD = re.compile(r"(\s*)([-/]?)([A-Za-zµμΩ]+|[°%$€£¢′″'\"]+)")
REMARK = re.compile(r"\s\((?!or\b)[^()]*[A-Za-z]{2}[^()]*\)\s*$|\s\([^()]*(?:=|\s[-+*/×÷]\s)[^()]*\)\s*$")
REASON = re.compile(r"(?<=[\w$%°)}])[,;.]?\s(?:because|since|as|which|where|given|for|from|after|when|by|in)\s")
"""Words after which a number is no longer part of the answer, as in "18 dollars for 9 eggs"."""
DECORATION = re.compile("[\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]")
A_DAY = re.compile(r"\A\sa\s(?=[a-z]{3,20}\Z)")
UNIT_POWERS = re.compile(r"(?<=[A-Za-z)])(?:\^\{?-?\d\}?|[23](?![\d\w]))|(?<=[A-Z])\d(?=O\b)")
DOLLAR_SCALES = {"k": 3, "K": 3, "M": 6, "B": 9}


@dataclass(frozen=True)
class Quantity:
    """A number with its unit.

    Attributes:
        value: The number, as an exact fraction.
        unit: Text after the number (or the currency before it), without spaces and braces; "" if there is none.
        rounded: Number of decimals with which it is written; None if it is not a decimal fraction.
        exact: Number that the value approximates, if the text gives it: 14/3 in "14/3 ≈ 4.67".
    """

    value: Fraction
    unit: str = ""
    rounded: int | None = None
    exact: Fraction | None = None


def read_quantity(text: str) -> Quantity | None:
    """Return the single number that `text` states, or None if it states none, several, or more than a number."""
    if len(text) > LONGEST:
        return None
    if PLAIN.fullmatch(text):
        return Quantity(Fraction(text), "", decimals(text))
    text = plain_operators(REMARK.sub("", bare(plain(DECORATION.sub("", text)))))
    if text[:1] == "{" and text[-1:] == "}" and "{" not in text[1:]:
        text = text[1:-1]
    if text[:1].isdigit() or text[:1] in "$-+.(":
        text = REASON.split(text, 1)[0]
    if EQUALS.search(text):
        right = right_side(text)
        if right is None:
            return None
        stated = read_stated(right) or read_from_prose(right)
        return stated if stated is None or not APPROXIMATES.search(text) else with_exact(stated, text)
    return read_stated(text) or read_from_prose(text)


def with_exact(stated: Quantity, equation: str) -> Quantity:
    """Return `stated` together with the number before it in `equation`, if it rounds that number."""
    before = read_stated(EQUALS.split(equation)[-2].strip())
    if before is None or abs(before.value - stated.value) * 2 > Fraction(1, 10 ** (stated.rounded or 0)):
        return stated
    return replace(stated, exact=before.value)


def right_side(text: str) -> str | None:
    """Return the side of an equation that states its value.

    This is the right side of "v = 12" and "3 + 4 = 7", and the left side of "12 = v". The result is None if the
    equation contradicts itself ("4 = 5") or if there is more than one equation.
    """
    sides = [side.strip() for side in EQUALS.split(text)]
    if not sides[-1]:
        return None
    for side in sides[:-1]:
        if re.search(r"[,;]|\d.*\b(?:and|or)\b", re.sub(DIGITS, "0", side)):
            return None
    stated = read_stated(sides[-1])
    if stated is None:
        only_symbol = re.fullmatch(r"\\?[A-Za-z]\w{0,20}", sides[-1])
        return sides[0] if only_symbol and len(sides) == 2 else sides[-1]
    for side in sides[:-1]:
        value = arithmetic(side)
        if value is not None and "≈" not in text and "\\approx" not in text and value != stated.value:
            percent = stated.unit.startswith("%") and value * 100 == stated.value
            if not percent and abs(value - stated.value) > Fraction(1, 2 * 10 ** (stated.rounded or 0)) * bool(
                stated.rounded
            ):
                return None
    return sides[-1]


def read_stated(text: str) -> Quantity | None:
    """Return the number at the beginning of `text`, or None if more than a unit and a remark follow it."""
    text = bracketless(text.strip())
    negative, currency, index = False, "", 0
    while index < len(text):
        lead = LEAD.match(text, index)
        if lead:
            currency = currency or "".join(CURRENCY.findall(lead.group()))
            index = lead.end()
        elif text[index] in "+- ":
            if text[index] == "-" and negative:
                return None
            negative = negative or text[index] == "-"
            index += 1
        else:
            break
    form = FORM.match(text, index)
    value = None if form is None else value_of(form)
    if form is None or value is None:
        return None
    rest = text[form.end() :]
    scale = SCALE.match(rest)
    if scale:
        value *= 10 ** SCALES[scale.group(1).lower()]
        rest = rest[scale.end() :]
    elif currency and rest[:1] in DOLLAR_SCALES and not rest[1:2].isalnum():
        value *= 10 ** DOLLAR_SCALES[rest[0]]
        rest = rest[1:]
    unit = read_unit(rest)
    if unit is None:
        return None
    number = form.group("number")
    written = decimals(number) if number and not scale and not form.group("exponent") else None
    return Quantity(-value if negative else value, unit or currency, written)


def value_of(form: re.Match[str]) -> Fraction | None:
    """Return the value of a match of `FORM`, or None for a division by zero or an excessive exponent."""

    def number(name: str) -> Fraction:
        return Fraction(re.sub(r"[,' ]", "", form.group(name)))

    if form.group("mixed"):
        top, bottom = (number("mt"), number("mb")) if form.group("mt") else (number("st"), number("sb"))
        return number("mixed") + top / bottom if bottom and top < bottom else None
    for above, below in (("top", "bottom"), ("t1", "b1"), ("above", "below")):
        if form.group(above):
            return number(above) / number(below) if number(below) else None
    if form.group("base"):
        base, power = number("base"), int(number("power"))
        if abs(power) > LARGEST_EXPONENT or base > 10**6 or (base == 0 and power <= 0):
            return None
        return (number("factor") if form.group("factor") else 1) * base**power
    exponent = int(form.group("exponent") or 0)
    return number("number") * Fraction(10) ** exponent if abs(exponent) <= LARGEST_EXPONENT else None


def read_unit(rest: str) -> str | None:
    """Return the unit that `rest` names ("" if it is empty), or None if it is more than a unit and words."""
    stripped = rest.rstrip(" .,;:}$*")
    if not stripped.strip() and not rest.startswith(".."):
        return ""
    if rest.startswith("..") or re.search(r"\b(?:or|either|nor)\b|\d", UNIT_POWERS.sub("", stripped)):
        return None
    rest = A_DAY.sub(" per ", stripped)
    first = FIRST_WORD.match(rest)
    if first is None:
        return "" if re.match(r",?\s?[-–—(;:.]*\s[A-Za-z]{2}|:\s", rest) else None
    space, joint, word = first.groups()
    glued = not space and not joint and word.isalpha() and len(word) < 4 and word not in GLUED_UNITS
    if glued or word in NOT_UNITS or (joint == "/" and len(word) < 2):
        return None
    unit = re.split(r",\s|\s-+\s|\s?;\s", rest, maxsplit=1)[0]
    if re.search(r"\\(?!mu|Omega|ell|cdot|circ)|[=<>+!_]", unit):
        return None
    return "".join(re.sub(r"[{}$~]", "", unit).split()).rstrip(".,;:!")


def read_from_prose(text: str) -> Quantity | None:
    """Return the only number in a text of words, such as "Janet makes 18 dollars"."""
    numbers = list(NUMBER.finditer(text))
    if not numbers or not text[:1].isalpha() or "\\" in text or re.search(r"\b(?:or|between|not|than)\b", text):
        return None
    first, text = numbers[0], text.rstrip("!")
    lead = text[: first.start()].rstrip("$€£+-")
    if not re.fullmatch(r"(?:[A-Za-z'’.,()-]+[\s:]+)*[A-Za-z'’]*[A-Za-z'’.,]{2}[\s:]+[(*$]*|[A-Z]:\s+", lead):
        return None
    return read_stated(text[len(lead) :].strip())


def arithmetic(text: str) -> Fraction | None:
    """Return the value of sums and products of plain numbers, or None for anything else."""
    text = re.sub(r"\\times|\\cdot|[×·]", "*", text).replace("÷", "/").replace("\\div", "/").replace("$", "")
    if not re.fullmatch(r"[\d\s.,+*/()%-]{1,200}", text) or not re.search(r"\d", text) or "**" in text:
        return None
    tokens = re.findall(rf"{DIGITS}|[-+*/()]", text.replace("%", ""))
    if "%" in text:
        return None
    try:
        value, rest = parse_sum(tokens)
    except (IndexError, ValueError, ZeroDivisionError, RecursionError):
        return None
    return None if rest else value


def parse_sum(tokens: list[str]) -> tuple[Fraction, list[str]]:
    value, tokens = parse_product(tokens)
    while tokens and tokens[0] in "+-":
        more, rest = parse_product(tokens[1:])
        value, tokens = (value + more if tokens[0] == "+" else value - more), rest
    return value, tokens


def parse_product(tokens: list[str]) -> tuple[Fraction, list[str]]:
    value, tokens = parse_factor(tokens)
    while tokens and tokens[0] in "*/":
        more, rest = parse_factor(tokens[1:])
        value, tokens = (value * more if tokens[0] == "*" else value / more), rest
    return value, tokens


def parse_factor(tokens: list[str]) -> tuple[Fraction, list[str]]:
    if tokens[0] in "+-":
        value, rest = parse_factor(tokens[1:])
        return (-value if tokens[0] == "-" else value), rest
    if tokens[0] == "(":
        value, rest = parse_sum(tokens[1:])
        if rest[0] != ")":
            raise ValueError("unbalanced")
        return value, rest[1:]
    return Fraction(re.sub(r"[,' ]", "", tokens[0])), tokens[1:]


def bracketless(text: str) -> str:
    """Return "(-5)" or "[5]" without its brackets."""
    while len(text) > 2 and text[0] + text[-1] in ("()", "[]") and not re.search(r"[(),\[\]]", text[1:-1]):
        text = text[1:-1].strip()
    return text


def decimals(text: str) -> int | None:
    """Return the number of digits after the decimal point, or None if there is no decimal point."""
    _, point, behind = text.partition(".")
    return len(behind) if point else None
