"""Write a few placeholder rows in the layout of the data that the papers' experiments read.

    python -m experiments.stand_ins FOLDER
    XDOMAIN_DATA=FOLDER xdomain grid plan experiments/cgpo.yaml

With these rows, `when-domains-interact.yaml`, `cgpo.yaml`, `care-rl.yaml` and
`breaking-barriers-interventional.yaml` load, plan, check and train for a few steps. Models cannot learn from the rows,
and the keys of a plan depend on them. Columns, prompts and ground truths have the form that the public preparation
scripts produce, so that a mistake with the real rows also shows with
these: github.com/LLM360/Reasoning360, data_preprocess, for Guru; github.com/uservan/cross_domain,
verl/examples/data_preprocess_mix_reward, for "When Domains Interact"; the original files for WritingBench.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

ROWS = 200
LETTERS = "ABCD"
Row = dict[str, Any]


def verl_row(data_source: str, prompt: str, truth: Any, extra: Row, ability: str, style: str | None = "rule") -> Row:
    """Return a row in the format of verl's preparation scripts."""
    judged = {"ground_truth": truth} if style is None else {"style": style, "ground_truth": truth}
    return {
        "data_source": data_source,
        "prompt": [{"role": "user", "content": prompt}],
        "ability": ability,
        "reward_model": judged,
        "extra_info": extra,
    }


def guru(row: Row) -> Row:
    return row | {"apply_chat_template": True}


def guru_math(number: int, source: str = "math__merged_deduped_dapo_or1_dataset", added: int = 1) -> Row:
    question = f"What is ${number} + {added}$?"
    extra = {"split": "train", "index": number, "reward_metric": "default", "original_question": question}
    prompt = f"{question} Please output the final answer within \\boxed{{}}."
    return guru(verl_row(source, prompt, str(number + added), extra, "math"))


def leetcode(number: int) -> Row:
    """Return a row whose tests call a method of `Solution`. `prefix` has the imports that tests and solution need."""
    prompt = (
        "You are an expert Python programmer. You will be given a question and will generate a Python program.\n"
        f"### Question:\nGiven a list of integers, return their sum plus {number}.\n### Format:\nYou will use the "
        "following starter code to write the solution to the problem and enclose your code within delimiters.\n"
        f"```python\nclass Solution:\n    def addAll{number}(self, nums: List[int]) -> int:\n        \n```"
    )
    solution = f"class Solution:\n    def addAll{number}(self, nums: List[int]) -> int:\n"
    solution += f"        return sum(nums) + {number}"
    tests = f"def check(candidate):\n    assert candidate(nums = [1, 2]) == {3 + number}\n"
    tests += f"    assert candidate(nums = []) == {number}\n\n\ncheck(Solution().addAll{number})"
    extra = {
        "split": "train", "index": number, "reference": solution, "original_prompt": prompt,
        "prefix": "import math\nfrom typing import *\n", "dataset": "LeetCodeDataset",
        "question_title": f"Add All {number}", "difficulty": "Easy",
    }  # fmt: skip
    return guru(verl_row("codegen__leetcode2k", prompt, json.dumps({"functional": tests}), extra, "codegen"))


def taco(number: int) -> Row:
    """Return a row for a program that reads and prints, with its inputs and outputs as two lists."""
    prompt = (
        "Generate an executable Python function generated from the given prompt. The function should take stdin as "
        f"input and print the output.\n\nRead integers, and print their sum plus {number}.\n\nQUESTION"
    )
    tests = {"inputs": ["1 2\n", "5\n"], "outputs": [f"{3 + number}\n", f"{5 + number}\n"]}
    solution = f"print(sum(map(int, input().split())) + {number})"
    extra = {
        "split": "train", "index": number, "reference": solution if number % 10 else "", "original_prompt": prompt,
        "dataset": "likaixin/TACO-verified", "source": "codewars",
    }  # fmt: skip
    return guru(verl_row("codegen__taco", prompt, json.dumps(tests), extra, "codegen"))


def primeintellect(number: int) -> Row:
    """Return a row whose tests compare the result of a function with their own helper."""
    tests = (
        f"_inputs = [[1], [2]]\n_outputs = [[{1 + number}], [{2 + number}]]\nimport math\n"
        "def _deep_eq(a, b, tol=1e-5):\n    if isinstance(a, float):\n        return math.isclose(a, b, rel_tol=tol)\n"
        "    return a == b\n\nfor i, o in zip(_inputs, _outputs):\n"
        f"    assert _deep_eq(shift_{number}(*i), o[0] if len(o) == 1 else tuple(o))\n"
    )
    prompt = f"Solve the programming task below in a Python markdown code block.\nshift_{number}(x) adds {number} to x."
    extra = {
        "split": "train", "index": number, "reference": f"def shift_{number}(x):\n    return x + {number}",
        "original_prompt": prompt, "dataset": "PrimeIntellect", "function_name": f"shift_{number}",
    }  # fmt: skip
    return guru(verl_row("codegen__primeintellect", prompt, json.dumps({"functional": tests}), extra, "codegen"))


def humaneval(number: int) -> Row:
    """Return a row whose reference is only a function's body. The start of the function is in the prompt."""
    opening = f'def plus_{number}(x: int) -> int:\n    """Return x plus {number}.\n    >>> plus_{number}(1)\n    """'
    tests = f"\n\nMETADATA = {{}}\n\n\ndef check(candidate):\n    assert candidate(1) == {1 + number}\n\n\n"
    tests += f"check(plus_{number})"
    prompt = (
        "Write a complete, self-contained Python solution to the following problem. Your solution must include all "
        "necessary imports and the full function definition including the signature exactly as specified. Do not "
        f"modify the function signature or docstring.\n\n```python\n{opening}\n```"
    )
    extra = {
        "split": "test", "index": number, "reference": f"    return x + {number}\n", "original_prompt": prompt,
        "dataset": "openai_humaneval", "task_id": f"HumanEval/{number}",
    }  # fmt: skip
    return guru(verl_row("codegen__humaneval", prompt, json.dumps({"functional": tests}), extra, "codegen"))


def mbpp(number: int) -> Row:
    """Return a row whose tests are assert statements, which the prompt shows."""
    tests = f"assert times_{number}(2) == {2 * number}\nassert times_{number}(0) == 0\n"
    prompt = (
        f"Write a function to multiply a number by {number}.\n\nYour solution should be a complete, self-contained "
        "function in a markdown code block. Make sure your solution passes the following test cases:\n"
        f"```python\n{tests}```\n\nPlease do not include the test cases in your solution."
    )
    extra = {
        "split": "test", "index": number, "reference": f"def times_{number}(x):\r\n    return x * {number}",
        "original_prompt": prompt, "dataset": "mbpp", "task_id": str(number),
    }  # fmt: skip
    return guru(verl_row("codegen__mbpp", prompt, json.dumps({"functional": tests}), extra, "codegen"))


def stem_web(number: int) -> Row:
    """Return a science row with a free answer, without `style` and with additional columns."""
    question = f"A stone falls from rest for {number + 1} s at 10 m/s^2. How fast is it in m/s?"
    answer = str(10 * (number + 1))
    instruction = (
        "You are a knowledgeable assistant. Answer the following questions and think step by step. Please output the "
        "final answer within \\boxed{}. "
    )
    extra = {
        "idx": number, "question": question, "category": "Physics", "difficulty": "University",
        "answer_type": "Float", "token_length": 2,
    }  # fmt: skip
    row = guru(verl_row("stem_web", instruction + question, answer, extra, "QA", style=None))
    return row | {"raw_prompt": question, "response": answer}


def guru_choice(number: int, source: str, opening: str, option: str) -> Row:
    letter = LETTERS[number % len(LETTERS)]
    shown = "".join(
        option.format(name, f"{number}" if name == letter else f"{number + place}")
        for place, name in enumerate(LETTERS, start=1)
    )
    prompt = (
        f"{opening.format(number)}\n{shown}Please reason step by step, and put your final answer option within "
        "\\boxed{}. Only put the letter in the box, e.g. \\boxed{A}. There is only one correct answer."
    )
    extra = {"split": "test", "index": number, "original_prompt": prompt, "dataset": source}
    return guru(verl_row(source, prompt, letter, extra, "stem"))


def gpqa_diamond(number: int) -> Row:
    return guru_choice(number, "stem__gpqa_diamond", "Which number is {}?", "{}) {}\n")


def supergpqa(number: int) -> Row:
    return guru_choice(number, "stem__supergpqa", "Which of these is {}?\nOptions are:", "({}): {}\n")


def skywork(number: int) -> Row:
    """Return a mathematics row whose ground truth is a list with one entry, and whose prompt is only the problem."""
    extra = {"index": number, "data_source": "train-math-numinamath", "model_difficulty": {"DeepSeek-R1-7B": 3}}
    return verl_row("skywork_math", f"Compute ${number} + 1$.", [str(number + 1)], extra, "math")


def math_500(number: int) -> Row:
    extra = {"split": "test", "index": number}
    return verl_row("HuggingFaceH4/MATH-500", f"Compute ${number} + 2$.", str(number + 2), extra, "math")


def boxed_choice(number: int, source: str, question: str) -> Row:
    letter = LETTERS[number % len(LETTERS)]
    options = ", ".join(f"{name}) {number + (name != letter) * (place + 1)}" for place, name in enumerate(LETTERS))
    # The authors' scripts double the braces, although their text is not an f-string.
    prompt = (
        "Solve the following problem. Make sure to put the answer (and only answer) inside \\boxed{{}}.\n\n"
        f"{question.format(number)}\n{options}"
    )
    return verl_row(source, prompt, letter, {"split": "train", "index": number}, "science")


def knights_and_knaves(number: int, names: tuple[str, str]) -> Row:
    first, second = names
    roles = ("knight", "knave") if number % 2 else ("knave", "knight")
    quiz = (
        "A very special island is inhabited only by knights and knaves. "
        f"You meet {first} and {second} on day {number}. "
        f'{first} said, "{second} is a {roles[1]}". Who is what?'
    )
    prompt = (
        "The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, "
        "respectively, i.e., <think> reasoning process here </think><answer> answer here </answer>. List the identity "
        "of each person one by one, for example, <answer> (1) Zoey is a knight\n(2) Oliver is a knight\n(3)... "
        f"</answer>.\n\n{quiz}"
    )
    gold = f"(1) {first} is a {roles[0]}\n(2) {second} is a {roles[1]}"
    truth = {"solution_text_format": gold, "statements": "(('lying', 0), ('telling-truth', 1))"}
    return verl_row("kk_logic", prompt, truth, {"split": "train", "index": number}, "logic")


def enigmata(number: int, task: str) -> Row:
    """Return a puzzle row whose ground truth is the input of the task's program, with the answer inside JSON."""
    answer: str | int = number + 1 if number % 3 == 0 else f"word{number}"
    extra = {
        "index": number, "split": "train", "task_name": task,
        "answer": json.dumps({"__wrapped__": True, "value": answer}, ensure_ascii=False),
    }  # fmt: skip
    meta = json.dumps({"question": f"{task} {number}", "difficulty": "easy"})
    return verl_row("PUZZLE", f"Solve this {task} puzzle: what comes after {number}?", meta, extra, task)


def written(number: int) -> Row:
    return {"prompt": f"Write a poem of {number + 1} lines.", "reference": "A line of a poem.\n" * (number + 1)}


def writing_bench(number: int) -> Row:
    names = ("Format", "Tone", "Depth", "Facts", "Length")
    criteria = [{"name": name, "criteria_description": f"{name} fits.", "1-2": "no", "9-10": "yes"} for name in names]
    request = f"Write a letter to neighbour {number}."
    return {"index": number, "domain1": "Letters", "lang": "en", "query": request, "checklist": criteria}


def numbered(make: Callable[..., Row], *arguments: Any) -> list[Row]:
    return [make(number, *arguments) for number in range(ROWS)]


def parquet_files() -> dict[str, list[Row]]:
    """Return the rows of each Parquet file, by its path without ending."""
    return {
        "guru/train/math__combined_54.4k": numbered(guru_math),
        "guru/train/codegen__leetcode2k_1.3k": numbered(leetcode),
        "guru/train/codegen__primeintellect_7.5k": numbered(primeintellect),
        "guru/train/codegen__taco_8.8k": numbered(taco),
        "guru/train/stem__web_3.6k": numbered(stem_web),
        "guru/offline_eval/math__math_500": numbered(guru_math, "math__math", 2),
        "guru/offline_eval/math__amc_repeated_4x_332": numbered(guru_math, "math__amc_repeated_4x", 3) * 4,
        "guru/offline_eval/codegen__humaneval_164": numbered(humaneval),
        "guru/offline_eval/codegen__mbpp_500": numbered(mbpp),
        "guru/offline_eval/stem__gpqa_diamond_198": numbered(gpqa_diamond),
        "guru/offline_eval/stem__supergpqa_200": numbered(supergpqa),
        "when-domains-interact/skywork-Math-5k": numbered(skywork),
        "when-domains-interact/math-500": numbered(math_500),
        "when-domains-interact/nvidia-Science-5k": numbered(boxed_choice, "nvidia-science", "Which is {}?"),
        "when-domains-interact/gpqa-diamond": numbered(boxed_choice, "gpqa-science", "Which of these is {}?"),
        "when-domains-interact/kk_Logic_5k": numbered(knights_and_knaves, ("Zoey", "Oliver")),
        "when-domains-interact/kk_Logic_700": numbered(knights_and_knaves, ("Ann", "Bob")),
        "when-domains-interact/puzzle-train-5k": numbered(enigmata, "binario"),
        "when-domains-interact/puzzle-test-395": numbered(enigmata, "sudoku"),
    }


def jsonl_files() -> dict[str, list[Row]]:
    """Return the rows of each JSONL file, by its path without ending."""
    own = ("cgpo/writing", "care-rl/chat", "care-rl/instructions")
    files = {name: [written(number) for number in range(ROWS)] for name in own}
    return files | {"WritingBench/benchmark_query/benchmark_all": numbered(writing_bench)}


def write_stand_ins(folder: Path) -> None:
    """Write every file that the three experiments name below `folder`."""
    for name, rows in parquet_files().items():
        pd.DataFrame(rows).to_parquet(made(folder / f"{name}.parquet"))
    for name, rows in jsonl_files().items():
        made(folder / f"{name}.jsonl").write_text(lines(rows), encoding="utf-8")


def lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m experiments.stand_ins FOLDER")
    write_stand_ins(Path(sys.argv[1]))
