//! A cloud of several accounts in memory.
