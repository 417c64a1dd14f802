//! Histories side by side: a column for each, a row for each figure, their ratios, and the goals.

use crate::harness::figures::{quantile, short};

/// The column of the session whose history is the live window.
pub(crate) const FRESH: &str = "fresh";

/// The column that goals speak of.
pub(crate) const FOUNDING: &str = "founding";

/// What was measured of one history.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    /// Sorted samples.
    figures: Vec<(String, Vec<f64>)>,
}

/// A row of the table. Limits are of medians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    figure: &'static str,
    unit: &'static str,
    /// Of the founding session (in a quick run, of the longest there is).
    at_most: Option<f64>,
    /// Of the founding session against the fresh one.
    to_fresh: Option<f64>,
    /// Of the longest session against the founding one.
    to_founding: Option<f64>,
    peers: &'static str,
}

/// Two columns that are compared.
struct Ratio {
    over: usize,
    under: usize,
    limit: fn(&Row) -> Option<f64>,
}

impl Column {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), figures: Vec::new() }
    }

    /// Adds a sample.
    pub(crate) fn put(&mut self, figure: &str, sample: f64) {
        self.extend(figure, vec![sample]);
    }

    /// Adds samples.
    pub(crate) fn extend(&mut self, figure: &str, mut samples: Vec<f64>) {
        match self.figures.iter_mut().find(|(name, _)| name == figure) {
            Some((_, known)) => {
                known.append(&mut samples);
                known.sort_by(f64::total_cmp);
            }
            None => {
                samples.sort_by(f64::total_cmp);
                self.figures.push((figure.to_owned(), samples));
            }
        }
    }

    fn samples(&self, figure: &str) -> &[f64] {
        let found = self.figures.iter().find(|(name, _)| name == figure);
        found.map_or(&[], |(_, samples)| samples)
    }

    fn median(&self, figure: &str) -> Option<f64> {
        let samples = self.samples(figure);
        (!samples.is_empty()).then(|| quantile(samples, 50))
    }
}

impl Row {
    pub(crate) const fn new(figure: &'static str, unit: &'static str) -> Self {
        Self { figure, unit, at_most: None, to_fresh: None, to_founding: None, peers: "" }
    }

    pub(crate) const fn at_most(self, limit: f64) -> Self {
        Self { at_most: Some(limit), ..self }
    }

    pub(crate) const fn to_fresh(self, limit: f64) -> Self {
        Self { to_fresh: Some(limit), ..self }
    }

    pub(crate) const fn to_founding(self, limit: f64) -> Self {
        Self { to_founding: Some(limit), ..self }
    }

    /// What others need.
    pub(crate) const fn peers(self, peers: &'static str) -> Self {
        Self { peers, ..self }
    }

    /// Prints the row; whether its goals are met.
    fn show(&self, columns: &[Column], judged: usize, ratios: &[Ratio]) -> bool {
        let medians: Vec<Option<f64>> = columns.iter().map(|column| column.median(self.figure)).collect();
        let samples =
            columns.iter().map(|column| column.samples(self.figure).len()).max().unwrap_or_default();
        assert!(samples > 0, "{} was not measured", self.figure);
        let mut met = true;
        let mut cells = vec![self.figure.to_owned(), self.unit.to_owned(), samples.to_string()];
        for (at, median) in medians.iter().enumerate() {
            let limit = self.at_most.filter(|_| at == judged);
            cells.push(judge(*median, limit, &mut met));
        }
        for ratio in ratios {
            let values = medians[ratio.over].zip(medians[ratio.under]);
            let value = values.filter(|(_, under)| *under > 0.0).map(|(over, under)| over / under);
            cells.push(judge(value, (ratio.limit)(self), &mut met));
        }
        cells.push(self.peers.to_owned());
        println!("| {} |", cells.join(" | "));
        met
    }
}

/// Prints the table; whether all goals are met.
pub(crate) fn show(rows: &[Row], columns: &[Column]) -> bool {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let last = columns.len() - 1;
    let judged = place(FOUNDING).unwrap_or(last);
    let mut ratios = Vec::new();
    if let Some(fresh) = place(FRESH) {
        ratios.push(Ratio { over: judged, under: fresh, limit: |row| row.to_fresh });
    }
    if last > judged {
        ratios.push(Ratio { over: last, under: judged, limit: |row| row.to_founding });
    }
    let names = columns.iter().map(|column| column.name.clone());
    let titles =
        ratios.iter().map(|ratio| format!("{} / {}", columns[ratio.over].name, columns[ratio.under].name));
    let figures: Vec<String> = names.chain(titles).collect();
    println!("| figure | unit | samples | {} | opencode; Codex |", figures.join(" | "));
    println!("| --- | --- | --: |{} --- |", " --: |".repeat(figures.len()));
    let missed = rows.iter().filter(|row| !row.show(columns, judged, &ratios)).count();
    missed == 0
}

/// A median with its limit, in bold letters where it misses it.
fn judge(value: Option<f64>, limit: Option<f64>, met: &mut bool) -> String {
    match (value, limit) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => short(value),
        (Some(value), Some(limit)) if value <= limit => format!("{} (≤ {})", short(value), short(limit)),
        (Some(value), Some(limit)) => {
            *met = false;
            format!("**{} (> {})**", short(value), short(limit))
        }
    }
}
