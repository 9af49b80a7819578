"""The library under the command line: sessions on a grid, evaluations, comparisons, studies, domains.

`import xdomain` offers the names that users need; every command of `xdomain.cli` is a thin caller of these modules.
"""
