//! Executions run in the pure engine: what recorded histories do under a new definition, and the test cases of definitions.
