"""The library behind the command line: sessions on a grid, evaluations, comparisons, studies, domains.

`import xdomain` offers the names that users need. Every command of `xdomain.cli` only calls these modules.
"""
