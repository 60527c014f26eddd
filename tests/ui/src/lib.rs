//! Holds the compile-fail tests, and nothing else. Not published.
