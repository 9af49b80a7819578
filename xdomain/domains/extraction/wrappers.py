"""Remove wrappers that never change an answer: typography, LaTeX text commands, Markdown."""

from __future__ import annotations

import html
import re
import unicodedata

MINUS = "−–—‒―‐‑﹣－⁻"
SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\x00"
OTHERS = {
    "∕": "/",
    "⁄": "/",
    "∶": ":",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "º": "°",
    "˚": "°",
    "→": "->",
    "…": "...",
    "。": ".",
}
CHARACTERS = str.maketrans(
    {**dict.fromkeys(MINUS, "-"), **dict.fromkeys(SPACES, " "), **dict.fromkeys(INVISIBLE), **OTHERS}
)

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
SUPERSCRIPT = re.compile(f"[⁻⁺]?[{SUPERSCRIPTS}]+")
UNSUPERSCRIPT = str.maketrans(SUPERSCRIPTS + "⁻⁺", "0123456789-+")
VULGAR = re.compile("[¼-¾⅐-⅞]")
THIN_GROUP = re.compile(r"(?<=\d)(?:[\u00a0\u2007\u2009\u202f]|\\[,!;:]|\{,\}|\\text\{,\})(?=\d{3}(?!\d))")

TEXT_COMMAND = re.compile(
    r"\\(?:text(?:bf|it|rm|tt|sf|normal)?|math(?:rm|bf|it|sf|tt|bb|cal)|operatorname\*?|mbox|hbox|boldsymbol|bm|emph"
    r"|boxed|fbox|underline)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
LATEX_SPACE = re.compile(
    r"(?<!\\)\\(?:[,;:! ]|(?:q?quad|displaystyle|textstyle|limits|nolimits|left|right|[bB]igg?[lr]?)(?![A-Za-z]))"
    r"|\\(?:begin|end)\{(?:aligned|align\*?|gathered|split|equation\*?)\}|~"
)
DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degrees?(?![A-Za-z])|\\textdegree(?![A-Za-z])")
COLOUR = re.compile(r"\\(?:text)?color\s*\{\w+\}")
ENTITY = re.compile(r"&(?:#\d{1,6}|#x[\da-f]{1,5}|[a-z]{2,8}\d?);", re.I)
END_PUNCTUATION = re.compile(r"(?<!\\)[,;:]{1,9}\Z")
EMPHASIS = re.compile(r"(?<![\w)*`])(\*\*|\*|`)(?=[^\s*`])([^*`\n]{1,200})(?<!\s)\1(?![\w(*`])")
HALF_BOLD = re.compile(r"(?<=\w)\*\*(?=[\s.,;:!?]|\Z)")
CURRENCY = re.compile(r"\\(textdollar|pounds|euro)(?:\{\})?(?![A-Za-z])\s?")
HTML = re.compile(r"</?(?:b|i|em|strong|u|code|span|p|sub|sup|answer)>|<br ?/?>", re.I)

DOUBLED = re.compile(r"\[\[([^\[\],]+)\]\]|<<([^<>,=]+)>>")
"""Double brackets around a single answer, as in "[[B]]", which are not a matrix."""

PAIRS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("__", "__"),
    ("`", "`"),
    ('"', '"'),
    ("'", "'"),
    ("*", "*"),
)


def plain_characters(text: str) -> str:
    """Return `text` with one minus, one space, ASCII digits and letters, and `^2` for a superscript two."""
    if "&" in text:
        text = ENTITY.sub(lambda found: html.unescape(found.group()), text)
    if text.isascii() and "\x00" not in text:
        return text
    text = THIN_GROUP.sub(",", text)
    text = SUPERSCRIPT.sub(lambda found: "^{" + found.group().translate(UNSUPERSCRIPT) + "}", text)
    text = VULGAR.sub(lambda found: " " + unicodedata.normalize("NFKC", found.group()), text)
    text = text.translate(CHARACTERS)
    return text if text.isascii() else "".join(map(plain_character, text))


def plain_character(character: str) -> str:
    """Return the ASCII form of a full-width character or of another script's digit."""
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


WORD_BEFORE_NUMBER = re.compile(
    r"(?:(?<=[\d%)] )(plus|minus|times|divided by)|\b(?:negative|minus))\s{1,3}(?=[$€£(]{0,2}\.?\d)", re.I
)
OPERATORS = {"plus": "+", "minus": "-", "times": "*", "divided by": "/"}


def plain_operators(text: str) -> str:
    """Return `text` with signs instead of words before numbers, such as "negative 5", "16 minus 7" or "2 times 3"."""
    return WORD_BEFORE_NUMBER.sub(lambda word: f"{OPERATORS[word[1].casefold()]} " if word[1] else "-", text)


def plain_latex(text: str) -> str:
    r"""Return `text` without LaTeX that only affects the layout: `\text{}`, `\left`, thin spaces, escapes of $ and %.

    Thousands separators of LaTeX become commas, `\dfrac` becomes `\frac`, `^\circ` becomes `°`.
    """
    if "\\" not in text and "{,}" not in text and "~" not in text and "<" not in text:
        return text
    text = THIN_GROUP.sub(",", text)
    text = (
        re.sub(r",\\!\s*(?=\d{3})", ",", text)
        .replace("\\!", "")
        .replace("\\$", "$")
        .replace("\\%", "%")
        .replace("\\#", "#")
    )
    text = CURRENCY.sub(lambda found: {"pounds": "£", "euro": "€"}.get(found.group(1), "$"), text)
    text = COLOUR.sub("", text)
    text = re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", text)
    text = DEGREES.sub("°", text)
    for _ in range(4):  # commands within commands
        text, found = TEXT_COMMAND.subn(r"\1", text)
        if not found:
            break
    return HTML.sub(" ", LATEX_SPACE.sub(" ", text))


def bare(text: str) -> str:
    """Return `text` without quotes, dollars, Markdown and final punctuation that enclose all of it."""
    text = text.strip()
    for _ in range(8):
        before = text
        text = END_PUNCTUATION.sub("", text).rstrip("\\ ")
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        for opening, closing in PAIRS:
            inside = text[len(opening) : -len(closing)]
            if inside and opening not in inside and text.startswith(opening) and text.endswith(closing):
                text = inside.strip()
        doubled = DOUBLED.fullmatch(text)
        text = (doubled.group(1) or doubled.group(2)) if doubled else text
        if text.count("**") == 1:
            text = text.removeprefix("**").removesuffix("**").strip()
        if text == before:
            break
    return text


def plain(text: str) -> str:
    """Return `text` in plain characters and without all wrappers."""
    if text.isalnum() and text.isascii():
        return text
    text = plain_latex(plain_characters(text))
    if "*" in text or "`" in text:
        text = HALF_BOLD.sub("", EMPHASIS.sub(r"\2", text))
    return bare(text)
