//! A stored image as a file that decoders read and seek in, a window of it in memory at a time (invariant 9).
//!
//! Reads block: for threads where that is allowed. What fails in the store is kept apart from what is wrong with the
//! image: a disk that fails for a moment must not brand an image for ever.

use std::io::{self, Read, Seek, SeekFrom};

use tokio::runtime::Handle;

use crate::store::{Store, StoreError, StoredImage};

/// Bytes that are held at a time: a chunk as bodies are stored in.
pub(in crate::context) const WINDOW: u64 = 256 * 1024;

/// The file of a stored image.
pub(super) struct ImageReader {
    store: Store,
    image: StoredImage,
    runtime: Handle,
    bytes: u64,
    at: u64,
    window: Vec<u8>,
    /// Where the window begins.
    start: u64,
    failure: Option<StoreError>,
}

impl ImageReader {
    /// A reader at the beginning of the file, which has so many bytes. To be made where a runtime is.
    pub(super) fn new(store: &Store, image: &StoredImage, bytes: u64) -> Self {
        Self {
            store: store.clone(),
            image: image.clone(),
            runtime: Handle::current(),
            bytes,
            at: 0,
            window: Vec::new(),
            start: 0,
            failure: None,
        }
    }

    /// What failed in the store while it was read, if anything did.
    pub(super) fn into_failure(self) -> Option<StoreError> {
        self.failure
    }

    /// What of the window lies behind the place where it is read.
    fn ahead(&self) -> &[u8] {
        let skipped = self.at.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| self.window.get(skipped..)).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<()> {
        let reading = self.store.read_part(&self.image.part, self.image.field, self.at, WINDOW);
        match self.runtime.block_on(reading) {
            Ok(range) => {
                (self.window, self.start) = (range.data, range.offset);
                Ok(())
            }
            Err(error) => {
                let told = io::Error::other(error.to_string());
                self.failure.get_or_insert(error);
                Err(told)
            }
        }
    }
}

impl Read for ImageReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.bytes {
            return Ok(0);
        }
        if self.ahead().is_empty() {
            self.fill()?;
        }
        let read = self.ahead().read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for ImageReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(behind) => self.bytes.checked_add_signed(behind),
            SeekFrom::Current(behind) => self.at.checked_add_signed(behind),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
