"""A local AWS for development and tests: MiniStack, and the code signing that it lacks.

Nothing here is part of a release. The signed packages it makes chain to a root that each run creates.
"""

__version__ = "0.1.0"
