//! Samples, and the table they are shown in.

use std::{fs, time::Duration};

/// A goal that a figure has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// The median is at most this.
    AtMost(f64),
    /// The median is at least this.
    AtLeast(f64),
    /// For information.
    None,
}

/// The rows, printed as they are measured.
#[derive(Debug)]
pub(crate) struct Table {
    missed: bool,
}

impl Table {
    /// Prints the machine and the head.
    pub(crate) fn begin() -> Self {
        println!("{}\n", machine());
        println!("| figure | unit | samples | median | p95 | max | goal |");
        println!("| --- | --- | --: | --: | --: | --: | --- |");
        Self { missed: false }
    }

    /// Prints a row.
    pub(crate) fn row(&mut self, figure: &str, unit: &str, goal: Goal, mut samples: Vec<f64>) {
        samples.sort_by(f64::total_cmp);
        let median = quantile(&samples, 50);
        let (met, words) = match goal {
            Goal::AtMost(limit) => (median <= limit, format!("≤ {}", short(limit))),
            Goal::AtLeast(limit) => (median >= limit, format!("≥ {}", short(limit))),
            Goal::None => (true, "–".to_owned()),
        };
        self.missed |= !met;
        let missed = if met { "" } else { " **missed**" };
        println!(
            "| {figure} | {unit} | {} | {} | {} | {} | {words}{missed} |",
            samples.len(),
            short(median),
            short(quantile(&samples, 95)),
            short(quantile(&samples, 100)),
        );
    }

    /// Whether a goal was missed.
    pub(crate) fn missed(&self) -> bool {
        self.missed
    }
}

/// Milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Bytes as megabytes of 10⁶.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Bytes as kilobytes of 10³.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
pub(crate) fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1e3
}

/// How many of something happen in a second.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn rate(count: usize, within: Duration) -> f64 {
    count as f64 / within.as_secs_f64()
}

/// The smallest sample that `percent` of the sorted samples do not exceed.
pub(crate) fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().expect("there are samples")
}

/// Three digits that say something.
pub(crate) fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Processor, cores, memory and kernel.
pub(crate) fn machine() -> String {
    let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, memory {}, Linux {}",
        field(&file("/proc/cpuinfo"), "model name"),
        field(&file("/proc/meminfo"), "MemTotal"),
        file("/proc/sys/kernel/osrelease").trim(),
    )
}
