//! Projects as a product: listing them, naming them, trusting them.
//!
//! What a client gets is a copy, what it sends is checked here: names without hidden characters, icons of known kinds
//! and sizes.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Engine, EngineError, blocking, intake};
use crate::{
    picture::Kind,
    store::{ProjectChange, StoredProject},
    transcript::{
        Failure, Project, ProjectId,
        hidden::{is_hidden, plain_name, without_hidden},
        project::{Footprint, Icon, IconKind},
    },
    workspace::project,
};

/// The longest name of a project, in bytes.
pub(in crate::engine) const LONGEST_NAME: usize = 200;

/// The longest emoji, in bytes: the longest ones are families and flags of regions.
pub(in crate::engine) const LONGEST_EMOJI: usize = 48;

/// The largest image of an icon, in bytes.
pub(in crate::engine) const LARGEST_ICON: usize = 32 * 1024;

/// A project that is named by a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its id.
    Id(ProjectId),
    /// By a folder in it: an absolute path.
    Folder(String),
}

impl Engine {
    /// The projects with the newest activity first.
    pub async fn projects(&self) -> Result<Vec<Project>, EngineError> {
        let open = self.open().await?;
        open.follower.open_list().await;
        let stored = open.store.projects().await.map_err(Failure::from)?;
        let trusts = Arc::clone(&self.inner.settings.trusts);
        Ok(blocking(move || stored.into_iter().map(|project| trusts.show(project)).collect()).await?)
    }

    /// One project.
    pub async fn project(&self, id: &ProjectId) -> Result<Project, EngineError> {
        let stored = self.store().await?.project(id).await.map_err(Failure::from)?;
        self.show(stored).await
    }

    /// Gives a project another name or icon, or takes its icon away. What is `None` stays.
    pub async fn update_project(
        &self,
        id: &ProjectId,
        name: Option<String>,
        icon: Option<Option<Icon>>,
    ) -> Result<Project, EngineError> {
        let name = name.as_deref().map(checked_name).transpose()?;
        if let Some(Some(icon)) = &icon {
            check_icon(icon).map_err(|problem| invalid(format!("icon: {problem}")))?;
        }
        self.change(id, ProjectChange { name, icon, trusted: None }).await
    }

    /// Trusts a project as it is now, or no longer.
    pub async fn trust_project(&self, which: Which, trusted: bool) -> Result<Project, EngineError> {
        let store = self.store().await?;
        let stored = match which {
            Which::Id(id) => store.project(&id).await,
            Which::Folder(folder) => {
                let root = project::find(&intake::directory(&folder)?);
                let path = root.path.to_str().ok_or_else(|| invalid("cwd: the path is no UTF-8"))?.to_owned();
                store.make_project(path, root.name).await.map(crate::store::Committed::into_inner)
            }
        };
        let stored = stored.map_err(Failure::from)?;
        let trusted = if trusted { Some(self.footprint(&stored.root).await?) } else { None };
        self.change(&stored.id, ProjectChange { trusted: Some(trusted), ..ProjectChange::default() }).await
    }

    async fn footprint(&self, root: &str) -> Result<Footprint, EngineError> {
        let root = root.to_owned();
        let footprint = blocking(move || project::footprint(Path::new(&root))).await?;
        footprint.map_err(|problem| invalid(format!("trust: {problem}: it cannot be trusted")))
    }

    async fn change(&self, id: &ProjectId, change: ProjectChange) -> Result<Project, EngineError> {
        let store = self.store().await?;
        let changed = store.change_project(id, change).await.map_err(Failure::from)?.into_inner();
        let project = self.show(changed).await?;
        self.inner.events.project_changed(&project);
        Ok(project)
    }

    /// Tells that there is a new project. Who missed it finds it in the list.
    pub(super) async fn tell_of(&self, id: &ProjectId) {
        match self.project(id).await {
            Ok(project) => self.inner.events.project_changed(&project),
            Err(error) => tracing::warn!(%error, "a new project is not told"),
        }
    }

    async fn show(&self, stored: StoredProject) -> Result<Project, EngineError> {
        let trusts = Arc::clone(&self.inner.settings.trusts);
        Ok(blocking(move || trusts.show(stored)).await?)
    }
}

fn invalid(message: impl Into<String>) -> EngineError {
    EngineError::InvalidParams(message.into())
}

/// A name without what nobody sees of it.
fn checked_name(given: &str) -> Result<String, EngineError> {
    let name = plain_name(given);
    match name.len() {
        0 => Err(invalid("name: must not be empty")),
        long if long > LONGEST_NAME => Err(invalid(format!("name: {long} bytes; at most {LONGEST_NAME}"))),
        _ => Ok(name),
    }
}

fn check_icon(icon: &Icon) -> Result<(), String> {
    let value = icon.value.as_str();
    let fits = match icon.kind {
        IconKind::Emoji => is_emoji(value),
        IconKind::Color => is_colour(value),
        IconKind::Image => return check_image(value),
    };
    if fits { Ok(()) } else { Err(format!("is not {}", described(icon.kind))) }
}

fn described(kind: IconKind) -> &'static str {
    match kind {
        IconKind::Emoji => "an emoji",
        IconKind::Color => "a colour as `#rrggbb`",
        IconKind::Image => "a `data:` URL of a PNG, JPEG, GIF or WebP in base64",
    }
}

/// A short sign beyond ASCII, with the joiners that it needs and without anything else that hides.
fn is_emoji(value: &str) -> bool {
    value.len() <= LONGEST_EMOJI
        && value.chars().any(|char| !char.is_ascii() && !is_hidden(char))
        && !value.contains(char::is_control)
        && without_hidden(value).1 == 0
}

fn is_colour(value: &str) -> bool {
    let digits = value.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Only images that are what they are called: a text that draws, such as SVG, can do more.
fn check_image(value: &str) -> Result<(), String> {
    // Four characters hold three bytes.
    if value.len() > LARGEST_ICON / 3 * 4 + 64 {
        return Err(format!("is larger than {LARGEST_ICON} bytes"));
    }
    let wrong = || format!("is not {}", described(IconKind::Image));
    let (mime, base64) =
        value.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).ok_or_else(wrong)?;
    let data = STANDARD.decode(base64).map_err(|_| wrong())?;
    match Kind::of(&data) {
        Some(kind) if kind.mime() == mime && data.len() <= LARGEST_ICON => Ok(()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: IconKind, value: &str) -> bool {
        check_icon(&Icon { kind, value: value.to_owned() }).is_err()
    }

    #[test]
    fn a_name_is_what_a_person_sees_of_it() {
        assert_eq!(checked_name(" a\u{202e}\u{1b}[31mb\n ").unwrap(), "a[31mb");
        for wrong in ["", " \u{200b} ", &"n".repeat(LONGEST_NAME + 1)] {
            assert!(checked_name(wrong).is_err());
        }
    }

    #[test]
    fn icons_of_each_kind_are_taken() {
        for emoji in ["🦀", "❤️", "👨‍👩‍👧‍👦", "1️⃣"] {
            assert!(!refused(IconKind::Emoji, emoji), "{emoji}");
        }
        assert!(!refused(IconKind::Color, "#00ffAA"));
        let png = STANDARD.encode(b"\x89PNG\r\n\x1a\n and so on");
        assert!(!refused(IconKind::Image, &format!("data:image/png;base64,{png}")));
    }

    #[test]
    fn what_is_no_icon_is_refused() {
        let megabyte = "🦀".repeat(250_000);
        for emoji in ["", "x", "\u{200d}", "🦀\u{1b}[2J", "🦀\u{202e}", &megabyte] {
            assert!(refused(IconKind::Emoji, emoji));
        }
        for colour in ["", "red", "#12345", "#12345g", "#1234567", "url(x)", "#ééé"] {
            assert!(refused(IconKind::Color, colour), "{colour}");
        }
        let svg = STANDARD.encode("<svg onload='x()'/>");
        let png = STANDARD.encode(b"\x89PNG\r\n\x1a\n");
        for image in [
            "",
            "https://example.com/x.png",
            "data:image/png;base64,***",
            &format!("data:image/svg+xml;base64,{svg}"),
            &format!("data:image/png;base64,{svg}"),
            &format!("data:image/gif;base64,{png}"),
            &format!("data:image/png;base64,{}", "A".repeat(1_000_000)),
        ] {
            assert!(refused(IconKind::Image, image));
        }
    }
}
