"""Rows of the shape that each published benchmark has: columns and types are real, contents are written by hand."""

from __future__ import annotations

from typing import Any

MATH_500 = [
    {
        "problem": "Convert the point $(0,3)$ to polar coordinates, with $r > 0$ and $0 \\le \\theta < 2 \\pi.$",
        "solution": "We have $r = 3$ and the point lies on the positive $y$-axis.",
        "answer": "\\left( 3, \\frac{\\pi}{2} \\right)",
        "subject": "Precalculus",
        "level": 2,
        "unique_id": "test/precalculus/1.json",
    },
    {
        "problem": "What is $\\frac{7}{2} \\cdot \\frac{2}{5}$?",
        "solution": "It is $\\frac{14}{10} = \\frac{7}{5}$.",
        "answer": "\\frac{7}{5}",
        "subject": "Prealgebra",
        "level": 1,
        "unique_id": "test/prealgebra/2.json",
    },
]
AMC = [
    {"id": 0, "problem": "$\\frac{m}{n}$ is $\\frac{3}{4}$. What is $m+n$?", "answer": 7.0, "url": "https://a.example"},
    {"id": 1, "problem": "How many positive divisors has 2022?", "answer": 8.0, "url": "https://a.example"},
]
MBPP = [
    {
        "source_file": "Benchmark Questions Verification V2.ipynb",
        "task_id": 1001,
        "prompt": "Write a function to find the elements that two tuples share.",
        "code": "def shared(a, b):\n  return tuple(set(a) & set(b))",
        "test_imports": [],
        "test_list": [
            "assert set(shared((3, 4, 5), (4, 5, 7))) == set((4, 5))",
            "assert set(shared((1, 2), (5, 4))) == set(())",
        ],
    },
    {
        "source_file": "Benchmark Questions Verification V2.ipynb",
        "task_id": 1002,
        "prompt": "Write a python function to find the area of a circle.",
        "code": "import math\n\ndef helper(r):\n  return r * r\n\ndef circle_area(r):\n  return math.pi * helper(r)",
        "test_imports": ["import math"],
        "test_list": [
            "assert math.isclose(circle_area(1), 3.14159, rel_tol=1e-4)",
            "assert math.isclose(circle_area(2), 12.5663, rel_tol=1e-4)",
        ],
    },
]
GPQA = [
    {
        "Record ID": "rec1",
        "Question": "Which particle carries the strong force?\n",
        "Correct Answer": "The gluon\n",
        "Incorrect Answer 1": "The photon",
        "Incorrect Answer 2": "The W boson",
        "Incorrect Answer 3": "The graviton",
        "High-level domain": "Physics",
    },
    {
        "Record ID": "rec2",
        "Question": "Which of these is an essential amino acid?",
        "Correct Answer": "Lysine",
        "Incorrect Answer 1": "Alanine",
        "Incorrect Answer 2": "Glycine",
        "Incorrect Answer 3": "Serine",
        "High-level domain": "Biology",
    },
]
SUPERGPQA = [
    {
        "uuid": "0a1b",
        "question": "What is the SI unit of magnetic flux?",
        "options": ["Tesla", "Weber", "Henry", "Ohm", "Farad", "Volt", "Siemens", "Gauss", "Ampere", "Watt"],
        "answer": "Weber",
        "answer_letter": "B",
        "discipline": "Science",
        "field": "Physics",
        "subfield": "Electrodynamics",
        "difficulty": "easy",
        "is_calculation": False,
    },
    {
        "uuid": "0a1c",
        "question": "Which court hears a writ of certiorari in the United States?",
        "options": ["A county court", "The tax court", "The Supreme Court", "The court of claims"],
        "answer": "The Supreme Court",
        "answer_letter": "C",
        "discipline": "Law",
        "field": "Law",
        "subfield": "Procedure",
        "difficulty": "easy",
        "is_calculation": False,
    },
]
ISLAND = (
    "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and knaves always "
    "lie. You meet 2 inhabitants: "
)
KNIGHTS_AND_KNAVES = [
    {
        "quiz": ISLAND + 'Zoey, and Oliver. Zoey said, "Oliver is a knave". In a statement by Oliver: '
        '"Zoey is a knight and Oliver is a knight". So who is a knight and who is a knave?',
        "names": ["Zoey", "Oliver"],
        "knight_knave": {"knight": "knight", "knave": "knave"},
        "solution": [True, False],
        "solution_text": "Zoey is a knight, and Oliver is a knave.",
        "solution_text_format": "(1) Zoey is a knight\n(2) Oliver is a knave",
        "statements": "(('lying', 1), ('and', ('telling-truth', 0), ('telling-truth', 1)))",
        "index": 0,
    },
    {
        "quiz": ISLAND + 'Ann, and Bob. Ann said, "Ann is a knave and Bob is a knave". Bob told you '
        "that Ann is a knave. So who is a knight and who is a knave?",
        "names": ["Ann", "Bob"],
        "knight_knave": {"knight": "knight", "knave": "knave"},
        "solution": [False, True],
        "solution_text": "Ann is a knave, and Bob is a knight.",
        "solution_text_format": "(1) Ann is a knave\n(2) Bob is a knight",
        "statements": "(('and', ('lying', 0), ('lying', 1)), ('lying', 0))",
        "index": 1,
    },
]


def criterion(name: str) -> dict[str, str]:
    bands = {band: f"what {band} points mean" for band in ("1-2", "3-4", "5-6", "7-8", "9-10")}
    return {"name": name, "criteria_description": f"whether the text has {name}", **bands}


WRITING_BENCH = [
    {
        "index": 1,
        "domain1": "Academic & Engineering",
        "domain2": "Abstract",
        "lang": "en",
        "query": "Write an abstract on the tides.",
        "checklist": [criterion("structure"), criterion("clarity")],
    },
    {
        "index": 2,
        "domain1": "Literature & Arts",
        "domain2": "Poem",
        "lang": "en",
        "query": "Write a line on rain.",
        "checklist": [criterion("rhythm"), criterion("brevity")],
    },
]

HUB: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "math_500": ("test", MATH_500),
    "amc": ("train", AMC),
    "mbpp": ("test", MBPP),
    "gpqa_diamond": ("train", GPQA),
    "supergpqa": ("train", SUPERGPQA),
}
"""Name of the split and rows of the benchmarks that lie on the hub."""
