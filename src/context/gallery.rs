//! Which images of a history are sent, and in which form.
//!
//! Every image is looked at once, when a window first needs it; what it became is stored beside it, so that it is sent
//! the same for ever (invariant 4), histories heal that came from elsewhere or from an older version, and no step
//! decodes anything again (invariant 2). One image is in memory at a time (invariant 9). All images of a request
//! together have a budget: past it the oldest make room, half of it at once, so that the prefix is rewritten seldom.

pub(in crate::context) mod reader;

use std::collections::HashSet;

use self::reader::ImageReader;
use super::{history::Place, item::Asked};
use crate::{
    picture::{self, Picture},
    provider::{Content, Entry, Provider},
    store::{Store, StoreError, StoredImage},
    transcript::{
        Message, PartId, PartKind, SessionId,
        image::{MADE_ROOM, Outgoing, Shown},
    },
};

/// All images of a request, in bytes of base64. Anthropic takes requests of 32 MB
/// (<https://platform.claude.com/docs/en/api/overview#request-size-limits>), others through gateways of 20 MB; the window
/// and the request each hold them once in memory.
pub(in crate::context) const MOST_BYTES: u64 = 10 * 1024 * 1024;

/// Images in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// How many.
    pub count: usize,
    /// Their base64.
    pub bytes: u64,
}

impl Load {
    /// The images of an entry.
    pub fn of(entry: &Entry) -> Self {
        let mut load = Self::default();
        match entry {
            Entry::User(content) => {
                for piece in content {
                    if let Content::Image(image) = piece {
                        load.add(image.base64.len() as u64);
                    }
                }
            }
            Entry::Results(results) => {
                for image in results.iter().flat_map(|result| &result.images) {
                    load.add(image.base64.len() as u64);
                }
            }
            Entry::Assistant(_) => {}
        }
        load
    }

    /// What a request to this provider may hold.
    pub fn most(provider: &dyn Provider) -> Self {
        Self { count: provider.most_images(), bytes: MOST_BYTES }
    }

    /// What remains once the oldest have made room.
    fn after_stride(self) -> Self {
        Self { count: self.count / 2, bytes: self.bytes / 2 }
    }

    /// Whether it is within another.
    pub fn fits(self, most: Self) -> bool {
        self.count <= most.count && self.bytes <= most.bytes
    }

    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl std::ops::AddAssign for Load {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

/// Counts images from the newest on, to find how many stay.
#[derive(Debug)]
struct Shelf {
    most: Load,
    load: Load,
    /// How many, images and notes, come before the first that goes when room is made.
    stays: usize,
    seen: usize,
}

impl Shelf {
    fn new(most: Load) -> Self {
        Self { most, load: Load::default(), stays: 0, seen: 0 }
    }

    /// Takes the next older one: its bytes, none for a note. False when they are too many, and those behind
    /// [`Self::stays`] go.
    fn take(&mut self, bytes: Option<u64>) -> bool {
        self.seen += 1;
        if let Some(bytes) = bytes {
            self.load.add(bytes);
        }
        if self.load.fits(self.most.after_stride()) {
            self.stays = self.seen;
        }
        self.load.fits(self.most)
    }
}

/// The images that a window leaves out from now on, each by its part and its place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(HashSet<(PartId, u8)>);

impl LeftOut {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the store.
    pub fn to_vec(&self) -> Vec<(PartId, u8)> {
        self.0.iter().cloned().collect()
    }

    /// Puts notes in their place, as the store will have them.
    pub fn apply(&self, message: &mut Message) {
        if self.is_empty() {
            return;
        }
        for part in &mut message.parts {
            let leave_out = |index: u8, shown: &mut Option<Shown>| {
                if self.0.contains(&(part.id.clone(), index)) {
                    *shown = Some(Shown::Note(MADE_ROOM.to_owned()));
                }
            };
            match &mut part.kind {
                PartKind::File(file) => leave_out(0, &mut file.shown),
                PartKind::Tool(tool) => {
                    (0_u8..).zip(&mut tool.attachments).for_each(|(at, file)| leave_out(at, &mut file.shown));
                }
                _ => {}
            }
        }
    }
}

/// Looks at the images of a place that nobody has looked at, and finds which are too many for one request.
pub async fn settle(
    store: &Store,
    session: &SessionId,
    place: &Place,
    asked: &Asked,
) -> Result<LeftOut, StoreError> {
    if !asked.model.images {
        return Ok(LeftOut::default());
    }
    let images = store.images(session, (place.first, place.last)).await?;
    let mut shelf = Shelf::new(Load::most(&*asked.provider));
    for image in &images {
        let bytes = match &image.shown {
            Some(shown) => sent_bytes(shown),
            None => sent_bytes(&look_at(store, image).await?),
        };
        if !shelf.take(bytes) {
            let old = images.get(shelf.stays..).unwrap_or_default();
            // One that is a note already says why.
            let old = old.iter().filter(|image| !matches!(image.shown, Some(Shown::Note(_))));
            return Ok(LeftOut(old.map(|image| (image.part.clone(), image.index)).collect()));
        }
    }
    Ok(LeftOut::default())
}

fn sent_bytes(shown: &Shown) -> Option<u64> {
    match shown {
        Shown::Image(image) => Some(image.encoded_bytes()),
        Shown::Note(_) => None,
    }
}

/// Decides what is sent in the place of an image, and keeps it.
async fn look_at(store: &Store, image: &StoredImage) -> Result<Shown, StoreError> {
    let bytes = store.read_part(&image.part, image.field, 0, 0).await?.bytes;
    let (shown, copy) = if bytes > picture::MOST_BYTES {
        (note(&picture::Flaw::Bytes(bytes)), None)
    } else {
        let mut file = ImageReader::new(store, image, bytes);
        let looked = tokio::task::spawn_blocking(move || (outgoing(&mut file, bytes), file.into_failure()));
        match looked.await {
            Ok((_, Some(failure))) => return Err(failure),
            Ok((decided, None)) => decided,
            // A decoder that fails in an unforeseen way costs the image.
            Err(error) => {
                tracing::error!(%error, "an image could not be looked at");
                (note(&picture::Flaw::Damaged), None)
            }
        }
    };
    store.keep_shown(image.clone(), shown.clone(), copy).await?;
    Ok(shown)
}

/// What is sent of an image of so many bytes, with the copy where one has to be made.
fn outgoing(file: &mut ImageReader, bytes: u64) -> (Shown, Option<Vec<u8>>) {
    match picture::fit(file, &picture::OUTGOING) {
        Ok(Picture { kind, width, height, made }) => {
            let bytes = made.as_ref().map_or(bytes, |made| made.len() as u64);
            let mime = kind.mime().to_owned();
            (Shown::Image(Outgoing { mime, width, height, bytes, copy: made.is_some() }), made)
        }
        Err(flaw) => (note(&flaw), None),
    }
}

fn note(flaw: &picture::Flaw) -> Shown {
    Shown::Note(flaw.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_newest_stay_within_the_budget_and_room_is_made_in_strides(
            sizes in prop::collection::vec(prop::option::of(1_u64..60), 0..60), count in 2_usize..20
        ) {
            let most = Load { count, bytes: 400 };
            let mut shelf = Shelf::new(most);
            let too_many = sizes.iter().any(|bytes| !shelf.take(*bytes));
            let all = sizes.iter().flatten();
            let fits = Load { count: all.clone().count(), bytes: all.sum() }.fits(most);
            prop_assert_eq!(too_many, !fits);
            if too_many {
                let stay = sizes[..shelf.stays].iter().flatten();
                let stay = Load { count: stay.clone().count(), bytes: stay.sum() };
                prop_assert!(stay.fits(most.after_stride()));
                prop_assert!(stay.bytes + 60 > most.bytes / 2 || stay.count == most.count / 2, "no more go than must");
            }
        }
    }
}
