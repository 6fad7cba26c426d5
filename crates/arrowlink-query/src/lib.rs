//! File datasets.
