//! What a disk holds after a power loss, made from the trace of what was done to it (`src/failpoint/disk.rs`).
//!
//! All that was synced is there. Of what was not, any part may be: each write whole, not at all, or in some of its
//! sectors; a truncation or a deletion or not. Bytes beside a write stay as they are, as SQLite expects of a disk
//! (<https://www.sqlite.org/psow.html>).

use std::{collections::BTreeMap, fs, path::Path};

use super::random::Random;

/// What is written at once or not at all, in bytes.
const SECTOR: usize = 512;

/// Something that was done to a file.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

/// A line of the trace.
#[derive(Clone, Debug)]
enum Step {
    Change(String, Change),
    /// All that was done to the file is on the disk.
    Sync(String),
    /// The file is gone, and that is on the disk.
    Gone(String),
}

/// What was done, in order, each with the length of the trace behind it.
pub struct Trace(Vec<(u64, Step)>);

impl Trace {
    /// Reads a trace. What a kill cut off at its end is left out.
    pub fn read(path: &Path) -> Self {
        let whole = fs::read(path).expect("there is a trace");
        let (mut steps, mut rest) = (Vec::new(), whole.as_slice());
        while let Some(step) = take_step(&mut rest) {
            steps.push(((whole.len() - rest.len()) as u64, step));
        }
        Self(steps)
    }

    pub fn steps(&self) -> usize {
        self.0.len()
    }

    /// Length of the trace behind so many steps.
    pub fn length(&self, steps: usize) -> u64 {
        steps.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0, |(length, _)| *length)
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    Some(taken)
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    take(rest, 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn take_step(rest: &mut &[u8]) -> Option<Step> {
    let letter = *take(rest, 1)?.first()?;
    let name = usize::from(*take(rest, 1)?.first()?);
    let file = String::from_utf8(take(rest, name)?.to_vec()).ok()?;
    let number = usize::try_from(take_number(rest)?).ok()?;
    let count = usize::try_from(take_number(rest)?).ok()?;
    let bytes = take(rest, count)?.to_vec();
    Some(match letter {
        b'W' => Step::Change(file, Change::Write { offset: number, bytes }),
        b'T' => Step::Change(file, Change::Truncate(number)),
        b'S' => Step::Sync(file),
        b'D' if number == 0 => Step::Change(file, Change::Delete),
        b'D' => Step::Gone(file),
        letter => panic!("no step of a trace: {letter}"),
    })
}

/// A file: what is certainly on the disk, and what was done since.
#[derive(Clone, Default)]
struct File {
    synced: Option<Vec<u8>>,
    since: Vec<Change>,
}

/// The files of a directory on a disk without power of its own.
#[derive(Clone, Default)]
pub struct Disk(BTreeMap<String, File>);

impl Disk {
    /// What is in a directory now, all of it on the disk.
    pub fn of(directory: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(directory).expect("it is there") {
            let path = entry.expect("it can be read").path();
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            if name.starts_with("agentls.db") && !name.ends_with("-shm") {
                let synced = Some(fs::read(path).expect("it can be read"));
                files.insert(name, File { synced, since: Vec::new() });
            }
        }
        Self(files)
    }

    /// Does a step of a trace.
    pub fn step(&mut self, trace: &Trace, number: usize) {
        let Some((_, step)) = trace.0.get(number) else { return };
        match step {
            Step::Change(file, change) => {
                self.0.entry(file.clone()).or_default().since.push(change.clone());
            }
            Step::Sync(file) => {
                let file = self.0.entry(file.clone()).or_default();
                for change in std::mem::take(&mut file.since) {
                    apply(&mut file.synced, &change);
                }
                // A file that was opened and synced is there.
                file.synced.get_or_insert_default();
            }
            Step::Gone(file) => drop(self.0.remove(file)),
        }
    }

    /// Writes what is there after a power loss into a directory, in place of what is in it.
    pub fn lose_power(&self, random: &mut Random, directory: &Path) {
        for entry in fs::read_dir(directory).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.is_file() {
                fs::remove_file(path).expect("it can be removed");
            }
        }
        let luck = Luck::drawn(random);
        for (name, file) in &self.0 {
            if let Some(content) = luck.left_of(file, random) {
                fs::write(directory.join(name), content).expect("it can be written");
            }
        }
    }
}

/// Which of the changes that were not synced are on the disk.
enum Luck {
    None,
    All,
    Some,
    /// Some, and of those only some sectors.
    Torn,
}

impl Luck {
    fn drawn(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::None,
            1 => Self::All,
            2 | 3 => Self::Some,
            _ => Self::Torn,
        }
    }

    fn left_of(&self, file: &File, random: &mut Random) -> Option<Vec<u8>> {
        let mut content = file.synced.clone();
        for change in &file.since {
            let kept = match self {
                Self::None => false,
                Self::All => true,
                Self::Some | Self::Torn => random.below(2) == 0,
            };
            match change {
                Change::Write { offset, bytes } if kept && matches!(self, Self::Torn) => {
                    for piece in sectors(*offset, bytes) {
                        if random.below(2) == 0 {
                            apply(&mut content, &piece);
                        }
                    }
                }
                // What came after went into another file of the same name, which nobody finds.
                Change::Delete if !kept => break,
                change if kept => apply(&mut content, change),
                _ => {}
            }
        }
        content
    }
}

/// A write, sector by sector.
fn sectors(offset: usize, bytes: &[u8]) -> Vec<Change> {
    let (mut pieces, mut at, mut rest) = (Vec::new(), offset, bytes);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        pieces.push(Change::Write { offset: at, bytes: piece.to_vec() });
        at += piece.len();
        rest = behind;
    }
    pieces
}

fn apply(content: &mut Option<Vec<u8>>, change: &Change) {
    match change {
        Change::Write { offset, bytes } => {
            let content = content.get_or_insert_default();
            let end = offset + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(bytes);
        }
        Change::Truncate(size) => content.get_or_insert_default().resize(*size, 0),
        Change::Delete => *content = None,
    }
}
