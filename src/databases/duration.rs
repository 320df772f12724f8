//! Durations as servers write them.

use std::time::Duration;

/// Seconds with a fraction; none when they are negative or no number.
pub(super) fn from_seconds(text: &str) -> Option<Duration> {
    text.trim().parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
