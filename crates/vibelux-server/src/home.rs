//! Home automation: what the owner's page tells of mood and song, and what it is told to do. Off unless the program gives the server a [`Home`].
//!
//! ```text
//! page -> POST now -> Home (such as an MQTT broker);  Home -> Orders -> GET orders -> page
//! ```
//!
//! The server keeps none of it. A mood comes from the page, as it may be a face's or set by hand; guests' pages are not asked.

use std::fmt;

use tokio::sync::broadcast;
use vibelux::EmotionVector;

/// Orders that a page has not taken yet.
const WAITING: usize = 16;

/// What is told of the owner's page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Now {
    /// The mood that the music follows, if there is one.
    pub mood: Option<EmotionVector>,
    /// The song that plays.
    pub song: Option<NowSong>,
}

/// A song that plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NowSong {
    /// Its title, or its file's name.
    pub title: String,
    /// Who plays it.
    pub artist: Option<String>,
}

/// Who is told.
pub trait Home: fmt::Debug + Send + Sync {
    /// Something has changed. Must not wait.
    fn tell(&self, now: &Now);
}

/// What a page is told to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// Play, songs of this mood if there is one.
    Play(Option<EmotionVector>),
    /// Pause.
    Pause,
    /// The next song.
    Next,
}

/// Where orders come in for the pages that are open. Clones lead to the same pages.
#[derive(Debug, Clone)]
pub struct Orders(broadcast::Sender<Order>);

/// No page is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no page of vibelux is open that could do it")]
pub struct NoPage;

impl Default for Orders {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Orders {
    /// Tells all pages of the owner that are open.
    ///
    /// # Errors
    /// [`NoPage`].
    pub fn give(&self, order: Order) -> Result<(), NoPage> {
        self.0.send(order).map(drop).map_err(|_| NoPage)
    }

    /// How many pages listen.
    pub(crate) fn pages(&self) -> usize {
        self.0.receiver_count()
    }

    /// What comes from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Order> {
        self.0.subscribe()
    }
}

/// Both ways of one home.
#[derive(Debug)]
pub struct HomeAccess {
    /// Who is told.
    pub home: Box<dyn Home>,
    /// Where orders come from.
    pub orders: Orders,
}
