//! HTML reports of a result file.
