//! A live cluster: its objects in pages, its answers to look-ups, and its policy reports.
//!
//! It must not know what a rule decides: it hands objects on, and takes judgements back.
