"""Read which values a text claims for names, in sentences, lists and tables.

A text is turned into one symbol per word (a name, a value, "is", "and", "not", ...). Claims are patterns of symbols.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from xdomain.domains.extraction.wrappers import plain_characters, plain_latex

COPULA = {"is", "are", "was", "were", "=", ":", "->", "'s", "|", "be", "-", "being", "equals", "as"}
FILLER = {
    *(
        "a",
        "an",
        "the",
        "both",
        "all",
        "must",
        "has",
        "have",
        "to",
        "indeed",
        "definitely",
        "certainly",
        "surely",
        "truly",
        "really",
        "obviously",
        "therefore",
        "also",
        "thus",
        "clearly",
    ),
    *(
        "only",
        "each",
        "actually",
        "in",
        "fact",
        "just",
        "hence",
        "so",
        "then",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
    ),
}
AND = {",", "and", "&", "\n", "while", "whereas"}
NOT = {"not", "n't", "never", "neither", "nor", "cannot", "no", "isn't", "aren't", "can't"}
UNSURE = {
    *(
        "if",
        "suppose",
        "assume",
        "assuming",
        "supposing",
        "would",
        "could",
        "might",
        "may",
        "either",
        "or",
        "whether",
        "perhaps",
    ),
    *(
        "says",
        "said",
        "say",
        "claims",
        "claimed",
        "tells",
        "told",
        "states",
        "stated",
        "asserts",
        "accuses",
        "possibly",
        "maybe",
    ),
    *("remarked", "commented", "noted", "declared", "mentioned", "insisted", "expressed", "unless", "?"),
}
"""Words that show that a sentence is not a claim."""
UNTRUE = re.compile(
    r"\b(?:false|impossible|untrue|incorrect|wrong)\s(?:that|for)\b|\bnot\s(?:true|possible|the case)\s(?:that|for)\b"
    r"|\b(?:can't|cannot)\sbe\sthat\b|\bno\s(?:\w+\s){0,3}(?:where|in\swhich|such\sthat)\b",
    re.I,
)
"""Words that deny the rest of their sentence."""
BRACKETED = re.compile(r"\([^()]{0,200}\)")
STOP = {".", ";", "!", "?"}
BEFORE_A_NAME = re.compile(r"([A-Z][\w'-]*)[ ]\Z")
NO_NAMES = frozenset(
    (
        "So", "Thus", "Then", "Therefore", "Hence", "And", "But", "Since", "Because", "If", "Person", "While",
        "Finally", "Given", "Both", "With", "Knight", "Knave", "Knights", "Knaves", "Also", "Conclusion",
        "Answer", "Only", "Either", "Neither", "As", "Consequently", "Similarly", "Likewise", "Accordingly",
        "Islander", "Inhabitant", "That", "Let", "Moreover", "However", "Now", "Here", "Mr", "Mrs", "Ms", "Dr",
        "The", "Is", "Are", "Where", "When", "First", "Second", "Lastly",
    )
)  # fmt: skip


class Claims:
    """A reader of the values that a text claims for names.

    Args:
        names: Names in small letters.
        values: Values that a name can have.
    """

    def __init__(self, names: Sequence[str], values: Sequence[str]) -> None:
        self.names, self.values = tuple(names), tuple(value.casefold() for value in values)
        known = sorted(self.names, key=len, reverse=True)
        # A name of one letter is a capital, so that "a" stays an article.
        spelled = "|".join(re.escape(n) if len(n) > 1 else f"(?-i:{re.escape(n.upper())})" for n in known) or r"(?!)"
        kinds = "|".join(re.escape(value) for value in sorted(self.values, key=len, reverse=True))
        self.kind = re.compile(rf"(?<!\w)(?:{kinds})(?:e?s)?(?!\w)", re.I)
        self.word = re.compile(
            rf"(?P<name>(?<![\w-])(?:{spelled})(?!\w|-(?!(?:{kinds})\b)))|(?P<value>(?<!\w)(?:{kinds})(?=(?:e?s)?(?!\w)))(?:e?s)?"
            r"|'s\b|n't\b|->|[\w]+(?:'t)?|[=:|&,.;!?\n-]",
            re.I,
        )
        name, value = "[\ue000-\uefff]", "[\uf000-\uf0ff]"
        group = rf"{name}(?:[,f]{{0,4}}{name}){{0,15}}"
        self.name_first = re.compile(
            rf"({group})(?:[cf]{{0,8}})((?:!?[cf]{{0,6}}){{0,2}})[cf]({value})|({group})(!?)()({value})"
        )
        self.value_first = re.compile(
            rf"({value})f{{0,4}}c[cf,]{{0,8}}((?:{name}(?!f{{0,4}}c[cf]{{0,6}}{value})[,f]{{0,6}}){{1,16}})"
        )

    def read(self, text: str) -> dict[str, set[str]]:
        """Return the values claimed for each name, in small letters. Names without a claim are left out."""
        symbols = self.symbols(plain_latex(plain_characters(text)))
        claims: dict[str, set[str]] = {}
        index = 0
        while index < len(symbols):
            found = self.name_first.match(symbols, index) or self.value_first.match(symbols, index)
            if found is None:
                index += 1
                continue
            self.add(found, claims)
            index = found.end()
        return claims

    def add(self, found: re.Match[str], claims: dict[str, set[str]]) -> None:
        names, denied, value = names_denial_value(found)
        if "!" in denied:
            return
        for symbol in names:
            if "\ue000" <= symbol <= "\uefff":
                claims.setdefault(self.names[ord(symbol) - 0xE000], set()).add(self.values[ord(value) - 0xF000])

    def symbols(self, text: str) -> str:
        """Return one symbol per word. Sentences that claim nothing are left out."""
        text = BRACKETED.sub(lambda found: found.group() if self.kind.search(found.group()) else " ", text)
        text = UNTRUE.sub(" unless ", text)
        text = re.sub(r"[*_`\"{}\[\]()$\\]|(?m:^[ \t]*(?:[-•+]|\d+[.)])[ \t])", " ", text)
        done: list[str] = []
        sentence: list[str] = []
        sure = True
        for found in self.word.finditer(text):
            symbol = self.symbol(found, text)
            sure = sure and symbol != "u"
            sentence.append(symbol)
            if symbol == "." or found.group() == "\n":
                done += sentence if sure else "."
                sentence, sure = [], True
        return "".join(done + (sentence if sure else []))

    def symbol(self, found: re.Match[str], text: str) -> str:
        word = found.group().casefold()
        if found.group("name"):
            before = BEFORE_A_NAME.search(text[max(0, found.start() - 30) : found.start()])
            longer = before and before.group(1) not in NO_NAMES and before.group(1).casefold() not in self.names
            return "x" if longer else chr(0xE000 + self.names.index(word))
        if found.group("value"):
            return chr(0xF000 + self.values.index(found.group("value").casefold()))
        for words, symbol in ((UNSURE, "u"), (NOT, "!"), (COPULA, "c"), (FILLER, "f"), (AND, ","), (STOP, ".")):
            if word in words:
                return symbol
        return "!" if word.endswith("n't") else "x"


def names_denial_value(found: re.Match[str]) -> tuple[str, str, str]:
    """Return the names, the denial (or ""), and the value of a claim."""
    if found.re.groups == 2:
        return found.group(2), "", found.group(1)
    names, denied, value = found.group(1, 2, 3)
    if names is None:
        names, denied, _, value = found.group(4, 5, 6, 7)
    return names, denied, value


def gold_names(gold: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the names in a gold answer, in small letters: all its words except values and function words."""
    kinds = "|".join(re.escape(value) for value in values)
    text = re.sub(r"(?m)^\s*\(?\d+[.)]\s|[*_`\"{}\[\]()$\\]", " ", plain_latex(plain_characters(gold)))
    text = re.sub(rf"(?i)(?:\b(?:an?|the|both|all)\s+)?\b(?:{kinds})(?:e?s)?\b", "\n", text)
    little = r"(?i)'s(?!\w)|(?<![\w-])(?:is|are|was|and|be|must)(?![\w-])|->|(?:^|\s)-(?:\s|$)|[,;:=|.&\n]"
    found = (" ".join(piece.split()).casefold() for piece in re.split(little, text))
    return tuple(dict.fromkeys(name for name in found if name))
