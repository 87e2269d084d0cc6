"""Person-level look-ups under a case number and two approvals; never marts.

Imports nothing heavy, so that a DAG file can read the closed lists.
"""
