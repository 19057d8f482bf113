//! Playlists of Music Assistant's own.
//!
//! Its API adds to a playlist and takes out of it, but does not replace, and leaves out silently what it does not know. So the new songs are first
//! put into a draft, a playlist of another name, and read back from that. Only then the songs of the playlist are taken out and the new ones put in;
//! it keeps its number, by which automations find it. Whoever is killed in between leaves a draft with all songs, whose name tells, and the next
//! run writes the playlist and takes all drafts of it away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::error::MusicAssistantError;
use super::reference::{is_song, is_true};
use super::server::MusicAssistant;
use crate::server_playlist::{PlaylistChange, PlaylistRemains, WrittenPlaylist, without_repeats};

/// Songs in one command: some hundred bytes each, of the megabyte that a command may have. Some versions mix up the songs of one command; there
/// each song has a command to itself.
const CHUNKS: [usize; 2] = [500, 1];

/// Playlists in a page of an answer.
const PAGE: usize = 500;

/// No list of playlists is longer.
const MOST: usize = 100_000;

/// So long between two looks whether something was done.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// A playlist, by the number in the library.
struct Playlist {
    id: String,
    name: String,
}

impl MusicAssistant {
    /// Makes Music Assistant's playlist of this name have these songs, by [`crate::ServerSong::id`], in this order; a song that is given twice is in
    /// it once. Playlists of the same name that streaming services have are not touched.
    ///
    /// # Errors
    /// [`MusicAssistantError`]. After [`MusicAssistantError::Unverified`], [`MusicAssistantError::Interrupted`] and
    /// [`MusicAssistantError::DraftStays`] the playlist may have other songs than before, as they say; after all others it has the former.
    pub fn put_playlist(
        &self,
        name: &str,
        ids: &[String],
    ) -> Result<WrittenPlaylist, MusicAssistantError> {
        let name = name.trim();
        if name.is_empty() || ids.is_empty() {
            return Err(MusicAssistantError::Empty);
        }
        if ["/", "\\", ".."].iter().any(|part| name.contains(part)) {
            let name = name.to_owned();
            return Err(MusicAssistantError::Name { name });
        }
        let songs = without_repeats(ids.iter().cloned());
        let draft = format!("{name} (new, by VibeluX)");
        let all = self.own_playlists()?;
        let (own, drafts): (Vec<Playlist>, Vec<Playlist>) = all
            .into_iter()
            .filter(|playlist| playlist.name == name || playlist.name == draft)
            .partition(|playlist| playlist.name == name);
        let written = match own.as_slice() {
            [] => self.create(name, &songs)?,
            [playlist] => self.replace(playlist, &draft, &songs)?,
            several => {
                return Err(MusicAssistantError::Ambiguous {
                    server: self.address(),
                    name: name.to_owned(),
                    count: several.len(),
                });
            }
        };
        // Those of runs that were killed.
        for stale in &drafts {
            self.delete_draft(&stale.id, name, &draft)?;
        }
        Ok(written)
    }

    fn create(&self, name: &str, songs: &[String]) -> Result<WrittenPlaylist, MusicAssistantError> {
        let (id, _) = self.filled(name, name, songs, &PlaylistRemains::None)?;
        Ok(WrittenPlaylist {
            id,
            songs: songs.len(),
            change: PlaylistChange::Created,
        })
    }

    fn replace(
        &self,
        playlist: &Playlist,
        draft: &str,
        songs: &[String],
    ) -> Result<WrittenPlaylist, MusicAssistantError> {
        let written = |change| WrittenPlaylist {
            id: playlist.id.clone(),
            songs: songs.len(),
            change,
        };
        if are_songs(&self.contents(&playlist.id)?, songs) {
            return Ok(written(PlaylistChange::Unchanged));
        }
        let (draft_id, chunk) =
            self.filled(draft, &playlist.name, songs, &PlaylistRemains::Former)?;
        match self.exchange(&playlist.id, songs, chunk) {
            Ok(true) => {}
            Ok(false) => {
                let name = draft.to_owned();
                let remains = PlaylistRemains::Draft { name };
                return Err(self.unverified(&playlist.name, songs, remains));
            }
            Err(cause) => {
                return Err(MusicAssistantError::Interrupted {
                    name: playlist.name.clone(),
                    draft: draft.to_owned(),
                    cause: Box::new(cause),
                });
            }
        }
        self.delete_draft(&draft_id, &playlist.name, draft)?;
        Ok(written(PlaylistChange::Replaced))
    }

    /// A new playlist that has all the songs, and how many of them a command may have; otherwise there is none.
    fn filled(
        &self,
        name: &str,
        meant: &str,
        songs: &[String],
        remains: &PlaylistRemains,
    ) -> Result<(String, usize), MusicAssistantError> {
        for chunk in CHUNKS {
            let command = "music/playlists/create_playlist";
            // Asked twice, it would make two.
            let made = self.command(command, &json!({ "name": name }), false)?;
            let id = id_of(&made).ok_or_else(|| self.nonsense(command))?;
            let filled = self.fill(&id, songs, chunk);
            if filled.as_ref().is_ok_and(|stored| are_songs(stored, songs)) {
                return Ok((id, chunk));
            }
            // If it cannot be taken away, the next run does that: it bears the name of the playlist or of its draft.
            let _ = self.delete(&id);
            let stored = filled?;
            let missing = missing(&stored, songs);
            if let Some(&example) = missing.first()
                && missing.len() + stored.len() == songs.len()
            {
                return Err(MusicAssistantError::Unknown {
                    server: self.address(),
                    missing: missing.len(),
                    tried: songs.len(),
                    example: example.clone(),
                });
            }
            let are_mixed_up = missing.is_empty() && stored.len() == songs.len();
            if !are_mixed_up {
                break;
            }
        }
        Err(self.unverified(meant, songs, remains.clone()))
    }

    /// Takes all songs out of a playlist and puts others in; whether it has these.
    fn exchange(
        &self,
        id: &str,
        songs: &[String],
        chunk: usize,
    ) -> Result<bool, MusicAssistantError> {
        let former = self.contents(id)?;
        let position = |item: &Value| item["position"].as_u64();
        // Between the positions may be such of songs that are not there any more.
        let last = former.iter().filter_map(position).max();
        let last = last.unwrap_or(former.len() as u64);
        if last > 0 {
            let positions: Vec<u64> = (1..=last).collect();
            let arguments = json!({ "db_playlist_id": id, "positions_to_remove": positions });
            let command = "music/playlists/remove_playlist_tracks";
            let task = self.command(command, &arguments, false)?;
            self.wait(id, &task, <[Value]>::is_empty)?;
        }
        Ok(are_songs(&self.fill(id, songs, chunk)?, songs))
    }

    /// Puts songs at the end of an empty playlist; what it has then. One that is there already is not put in twice, so no command does harm if it
    /// is sent again.
    fn fill(
        &self,
        id: &str,
        songs: &[String],
        chunk: usize,
    ) -> Result<Vec<Value>, MusicAssistantError> {
        let mut count = 0;
        for some in songs.chunks(chunk) {
            let arguments = json!({ "db_playlist_id": id, "uris": some });
            let task = self.command("music/playlists/add_playlist_tracks", &arguments, true)?;
            count += some.len();
            self.wait(id, &task, |items| items.len() >= count)?;
        }
        self.contents(id)
    }

    /// Waits until a playlist has changed, as long as there is patience. Versions before 2.9 answer when it has; newer ones change it in the
    /// background, and answer with a task.
    fn wait(
        &self,
        id: &str,
        task: &Value,
        is_done: impl Fn(&[Value]) -> bool,
    ) -> Result<(), MusicAssistantError> {
        let end = Instant::now() + self.patience;
        while task.is_object() && !is_done(&self.contents(id)?) && Instant::now() < end {
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }

    fn contents(&self, id: &str) -> Result<Vec<Value>, MusicAssistantError> {
        let arguments = json!({
            "item_id": id, "provider_instance_id_or_domain": "library", "force_refresh": true,
        });
        self.list("music/playlists/playlist_tracks", &arguments)
    }

    fn delete(&self, id: &str) -> Result<(), MusicAssistantError> {
        let arguments = json!({ "media_type": "playlist", "library_item_id": id });
        self.command("music/library/remove_item", &arguments, false)
            .map(drop)
    }

    fn delete_draft(&self, id: &str, name: &str, draft: &str) -> Result<(), MusicAssistantError> {
        let stays = |cause| MusicAssistantError::DraftStays {
            name: name.to_owned(),
            draft: draft.to_owned(),
            cause: Box::new(cause),
        };
        self.delete(id).map_err(stays)
    }

    /// The playlists that Music Assistant keeps itself and lets people change.
    fn own_playlists(&self) -> Result<Vec<Playlist>, MusicAssistantError> {
        let command = "music/playlists/library_items";
        let mut own: Vec<Playlist> = Vec::new();
        let mut offset = 0;
        loop {
            let arguments = json!({
                "limit": PAGE, "offset": offset, "order_by": "timestamp_added", "summary": false,
            });
            let items = self.list(command, &arguments)?;
            if items.is_empty() {
                return Ok(own);
            }
            offset += items.len();
            if offset > MOST {
                return Err(MusicAssistantError::Repeats {
                    server: self.address(),
                    listed: own.len(),
                });
            }
            for item in items.iter().filter(|item| is_own(item)) {
                let (Some(id), Some(name)) = (id_of(item), item["name"].as_str()) else {
                    return Err(self.nonsense(command));
                };
                if !own.iter().any(|known| known.id == id) {
                    let name = name.to_owned();
                    own.push(Playlist { id, name });
                }
            }
        }
    }

    fn unverified(
        &self,
        name: &str,
        songs: &[String],
        remains: PlaylistRemains,
    ) -> MusicAssistantError {
        MusicAssistantError::Unverified {
            server: self.address(),
            name: name.to_owned(),
            sent: songs.len(),
            remains,
        }
    }
}

fn is_own(item: &Value) -> bool {
    let mut mappings = item["provider_mappings"].as_array().into_iter().flatten();
    is_true(&item["is_editable"]) && mappings.any(|mapping| mapping["provider_domain"] == "builtin")
}

/// Numbers in the library are texts in some versions.
fn id_of(item: &Value) -> Option<String> {
    match &item["item_id"] {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn are_songs(items: &[Value], songs: &[String]) -> bool {
    items.len() == songs.len()
        && items
            .iter()
            .zip(songs)
            .all(|(item, song)| is_song(item, song))
}

fn missing<'a>(items: &[Value], songs: &'a [String]) -> Vec<&'a String> {
    let is_missing = |song: &&String| !items.iter().any(|item| is_song(item, song));
    songs.iter().filter(is_missing).collect()
}
