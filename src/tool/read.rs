//! `read`: a file's lines with their numbers, an image, or a folder's entries.
//!
//! Unsaved text of an open document is what is read. Memory is bounded by the lines asked for, not by the
//! file. What is opened is what was allowed (invariant 12).

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read as _, Seek as _},
    path::Path,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    Output, OutputImage, Tool, ToolContext, ToolError,
    beneath::{self, Folder, OpenError, Opened},
    list, params,
    place::{self, Purpose, blocking, io_failure},
};
use crate::{
    permission::path::Resolved,
    picture::{self, Kind},
    provider::ToolSpec,
    transcript::text::head,
};

/// Bytes of a line that are shown.
pub(in crate::tool) const LINE_BYTES: usize = 2_000;

/// Bytes at a file's beginning that say whether it is text.
const PROBE_BYTES: usize = 8 * 1024;

const PURPOSE: Purpose = Purpose { tool: "read", verb: "Read" };

#[derive(Debug, Deserialize, JsonSchema)]
struct Params {
    /// File or folder.
    path: String,
    /// First line to show, from 1.
    #[schemars(range(min = 1))]
    #[serde(default = "first")]
    offset: u64,
    /// Lines to show.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default = "lines")]
    limit: u64,
}

fn first() -> u64 {
    1
}

fn lines() -> u64 {
    2_000
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Read;

impl Tool for Read {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "read",
            "Reads a text file with line numbers, an image (png, jpeg, gif, webp), or lists a folder. \
             Long files: use offset and limit, or grep first.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            let place = place::permit_look(&context, &PURPOSE, &params.path).await?;
            let unsaved = context.editor.unsaved_text(&place.target);
            let (cancel, looked_at) = (context.cancel.clone(), vec![place.target.clone()]);
            let output = blocking(move || match unsaved {
                Some(text) => {
                    let bytes = text.as_bytes().to_vec();
                    show_lines(Cursor::new(bytes), &place, &params, &cancel)
                }
                None => from_disk(&place, &params, &cancel),
            })
            .await?;
            Ok(Output { looked_at, ..output })
        })
    }
}

fn from_disk(place: &Resolved, params: &Params, cancel: &CancellationToken) -> Result<Output, ToolError> {
    match beneath::open(&place.target) {
        Ok(Opened::File(file)) => from_file(file, place, params, cancel),
        Ok(Opened::Folder(folder)) => {
            let text = list::entries(&folder, &place.target, 1, cancel)?;
            Ok(Output { title: place.subject(), text, ..Output::default() })
        }
        Err(OpenError::Missing(_)) => Err(ToolError::Failed(missing(place))),
        Err(error) => Err(error.into()),
    }
}

fn from_file(
    file: File,
    place: &Resolved,
    params: &Params,
    cancel: &CancellationToken,
) -> Result<Output, ToolError> {
    let failed = |error: io::Error| io_failure("cannot read", &place.target, &error);
    let bytes = file.metadata().map_err(failed)?.len();
    let mut probe = Vec::new();
    (&file).take(PROBE_BYTES as u64).read_to_end(&mut probe).map_err(failed)?;
    if Kind::of(&probe).is_some() {
        return image(place, &file);
    }
    let whole = Cursor::new(probe.clone()).chain(file);
    if is_binary(&probe) {
        let subject = place.subject();
        return Err(ToolError::Failed(format!("{subject} is a binary file ({bytes} bytes)")));
    }
    show_lines(BufReader::new(whole), place, params, cancel)
}

/// An image as models take it: itself, or a copy that was made to fit.
fn image(place: &Resolved, mut file: &File) -> Result<Output, ToolError> {
    let subject = place.subject();
    let mut picture = picture::fit(file, &picture::OUTGOING)
        .map_err(|flaw| ToolError::Failed(format!("{subject} is an image that cannot be shown: {flaw}")))?;
    let (data, note) = match picture.made.take() {
        Some(made) => (made, ", made to fit"),
        None => {
            let mut data = Vec::new();
            let read = file.rewind().and_then(|()| file.take(picture::OUTGOING.bytes).read_to_end(&mut data));
            read.map_err(|error| io_failure("cannot read", &place.target, &error))?;
            (data, "")
        }
    };
    let name = place.target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mime, width, height, bytes) = (picture.kind.mime(), picture.width, picture.height, data.len());
    Ok(Output {
        text: format!("{mime}, {width} × {height} pixels, {bytes} bytes{note}"),
        images: vec![OutputImage { picture, name, data: Bytes::from(data) }],
        title: subject,
        ..Output::default()
    })
}

/// Text has no NUL and hardly any other control character.
fn is_binary(start: &[u8]) -> bool {
    let controls = start.iter().filter(|byte| byte.is_ascii_control() && !b"\t\n\r\x0c\x1b".contains(byte));
    start.contains(&0) || controls.count() * 10 > start.len()
}

fn show_lines(
    mut content: impl BufRead,
    place: &Resolved,
    params: &Params,
    cancel: &CancellationToken,
) -> Result<Output, ToolError> {
    let failed = |error: io::Error| io_failure("cannot read", &place.target, &error);
    let last = params.offset.saturating_add(params.limit);
    let mut text = String::new();
    let mut line = Line::default();
    let mut number = 0;
    while line.read(&mut content).map_err(failed)? {
        number += 1;
        if cancel.is_cancelled() {
            return Err(ToolError::Cancelled { partial: text });
        }
        if (params.offset..last).contains(&number) {
            let numbered = format!("{number:>6}\t{}\n", line.shown(number == 1));
            text.push_str(&numbered);
        }
    }
    let subject = place.subject();
    if number > 0 && params.offset > number {
        return Err(ToolError::Failed(format!(
            "{subject} has {number} lines; offset {} is past its end",
            params.offset
        )));
    }
    let shown = number.min(last - 1);
    let note = match (number, params.offset) {
        (0, _) => "(the file is empty)".to_owned(),
        (_, 1) if shown == number => format!("({number} lines)"),
        (_, from) if shown == number => format!("(lines {from}-{shown} of {number})"),
        (_, from) => format!("(lines {from}-{shown} of {number}; go on with offset {last})"),
    };
    text.push_str(&note);
    Ok(Output { title: subject, text, ..Output::default() })
}

/// One line of a file, of which only the beginning is kept.
#[derive(Default)]
struct Line {
    start: Vec<u8>,
    bytes: usize,
}

impl Line {
    /// Whether there was one more.
    fn read(&mut self, content: &mut impl BufRead) -> io::Result<bool> {
        self.start.clear();
        self.bytes = 0;
        loop {
            let chunk = content.fill_buf()?;
            if chunk.is_empty() {
                return Ok(self.bytes > 0);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(chunk.len(), |at| at + 1);
            let room = (LINE_BYTES + 4).saturating_sub(self.start.len());
            self.start.extend(chunk.iter().take(taken.min(room)));
            self.bytes += taken;
            content.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    fn shown(&self, first: bool) -> String {
        let text = String::from_utf8_lossy(&self.start);
        let text = text.trim_end_matches('\n').trim_end_matches('\r');
        let text = if first { text.trim_start_matches('\u{feff}') } else { text };
        if self.bytes <= LINE_BYTES + 2 {
            return text.to_owned();
        }
        format!("{}… (line of {} bytes cut)", head(text, LINE_BYTES), self.bytes)
    }
}

/// A missing file, with names beside it that were perhaps meant.
fn missing(place: &Resolved) -> String {
    let subject = place.subject();
    let wanted = place.target.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let folder = Folder::open(place.target.parent().unwrap_or(Path::new("/"))).ok();
    let stem = wanted.split('.').next().unwrap_or_default().to_owned();
    let mut similar: Vec<String> = folder
        .iter()
        .flat_map(Folder::names)
        .take(10_000)
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !stem.is_empty() && name.to_lowercase().contains(&stem))
        .collect();
    similar.sort();
    similar.truncate(3);
    if similar.is_empty() {
        return format!("{subject} does not exist");
    }
    format!("{subject} does not exist; beside it there is {}", similar.join(", "))
}

#[cfg(test)]
mod tests;
