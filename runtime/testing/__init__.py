"""A flow in a test: its plan runs as it would in an embedded run, with stubs for tasks and under a clock that is wound on.

:mod:`.simulate` runs it, :mod:`.virtual_clock` is the clock, :mod:`.virtual_pool` runs the tasks, :mod:`.stubs` says what stands in for a
task and :mod:`.staging` puts it there; :mod:`.outcome` is what a test looks at.
"""
