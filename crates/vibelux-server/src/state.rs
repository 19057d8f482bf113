//! [`App`]: what all requests share.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use vibelux::library::SongEmbedder;
use vibelux::model::FaceModel;

use crate::analysis::PictureReader;
use crate::config::Limits;
use crate::home::HomeAccess;
use crate::lan::Invitations;
use crate::library::folders::MusicFolders;
use crate::library::measured::MeasuredFeatures;
use crate::library::scan::Scanner;
use crate::library::song_library::SongLibrary;
use crate::media::Transcoder;
use crate::security::Role;

/// One running server.
#[derive(Debug)]
pub struct App {
    /// The songs.
    pub library: Arc<SongLibrary>,
    /// Reads faces; shared by all sockets.
    pub face_model: Arc<FaceModel>,
    /// Reads songs.
    pub embedder: Arc<dyn SongEmbedder>,
    /// Reads single pictures.
    pub pictures: Arc<PictureReader>,
    /// Where the page may look for music.
    pub folders: MusicFolders,
    /// The scan, if there was one.
    pub scanner: Arc<Scanner>,
    /// ffmpeg, if there is one.
    pub transcoder: Option<Transcoder>,
    /// Home automation, if there is one.
    pub home: Option<Arc<HomeAccess>>,
    /// How phones get in, if they may.
    pub invitations: Option<Invitations>,
    /// What was measured of songs' sound.
    pub features: MeasuredFeatures,
    /// What clients may take.
    pub limits: Limits,
    /// A place for each live camera of the owner.
    pub owner_sockets: Arc<Semaphore>,
    /// And of guests, who cannot keep the owner out.
    pub guest_sockets: Arc<Semaphore>,
    /// Whoever has a song measured takes turns: the owner, and guests, who cannot keep the owner waiting.
    pub owner_measuring: Arc<Semaphore>,
    /// And of guests.
    pub guest_measuring: Arc<Semaphore>,
    /// A core for each frame that is worked on.
    pub cores: Arc<Semaphore>,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// As handlers get it.
pub type Shared = Arc<App>;

impl App {
    /// The places for live cameras of somebody.
    pub fn sockets(&self, role: Role) -> &Arc<Semaphore> {
        match role {
            Role::Owner => &self.owner_sockets,
            Role::Guest => &self.guest_sockets,
        }
    }

    /// The place for one song that is measured for somebody.
    pub fn measuring(&self, role: Role) -> &Arc<Semaphore> {
        match role {
            Role::Owner => &self.owner_measuring,
            Role::Guest => &self.guest_measuring,
        }
    }
}
