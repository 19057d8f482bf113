//! Puts a playlist onto a server, in such an order that whatever breaks off in between, the one that was there before is whole or the new one
//! is: it is built under another name, compared, renamed, and only then the old one is deleted.

use md5::{Digest, Md5};

use super::account::{hex, random_hex};
use super::answer::text;
use super::client::Subsonic;
use super::error::SubsonicError;
use super::playlists::ServerPlaylist;
use crate::plain_text::composed;

/// So many bytes of ids an address may have: the shortest limit of servers is about 4,000 for all of it.
const ADDRESS_BYTES: usize = 2500;

/// So many bytes of ids a form may have.
const FORM_BYTES: usize = 48 << 10;

/// So many ids a form may have: some servers take no more than 1,000 fields.
const FORM_IDS: usize = 500;

/// What a playlist is called while it is written, before the digits.
const UNFINISHED: &str = "vibelux is writing this";

impl Subsonic {
    /// Puts a playlist there: a new one, or in the place of the user's own one of that name, which is deleted (the new one has another id). A new
    /// one is not public; one that comes in the place of a public one is. What runs that were killed left of the same playlist is deleted.
    ///
    /// # Errors
    /// [`SubsonicError`]. The one that was there before is as it was then, unless [`SubsonicError::Twice`] or [`SubsonicError::Differs`] say
    /// otherwise.
    pub fn put_playlist(
        &self,
        name: &str,
        ids: &[impl AsRef<str>],
        note: &str,
    ) -> Result<ServerPlaylist, SubsonicError> {
        let name = name.trim();
        let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        if name.is_empty() || ids.is_empty() {
            return Err(SubsonicError::EmptyPlaylist {
                name: name.to_owned(),
                songs: ids.len(),
            });
        }
        let old = self.replaceable(name)?;
        let new = self.build(name, &ids)?;
        let is_public = old.iter().any(|old| old.is_public);
        if let Err(error) = self.rename(&new, name, note, is_public) {
            return Err(self.taken_back(&old, &new, name, error));
        }
        self.delete_old(&old, &new, name)?;
        self.look_at(name, &new, &ids)
    }

    /// The user's own playlists of a name: none or one, unless a run was killed.
    fn replaceable(&self, name: &str) -> Result<Vec<ServerPlaylist>, SubsonicError> {
        let mut old = self.playlists()?;
        old.retain(|old| is_called(old, name) && old.is_own != Some(false));
        for old in &old {
            let why = if old.is_own.is_none() {
                "may be somebody else's, as the server does not say clearly whose it is"
            } else if old.is_read_only {
                "cannot be changed"
            } else {
                continue;
            };
            return Err(SubsonicError::Untouchable {
                server: self.address().to_owned(),
                name: name.to_owned(),
                why,
            });
        }
        Ok(old)
    }

    /// Makes the new one under another name; its id.
    fn build(&self, name: &str, ids: &[&str]) -> Result<String, SubsonicError> {
        let unfinished = format!("{} {}", prefix(name), random_hex::<4>()?);
        let built = self.fill(name, &unfinished, ids);
        if built.is_err()
            && let Ok(Some(id)) = self.find(&unfinished)
        {
            self.give_up(&id);
        }
        built
    }

    fn fill(&self, name: &str, unfinished: &str, ids: &[&str]) -> Result<String, SubsonicError> {
        let mut chunks = chunks(ids, self.sends_forms());
        let mut fields = vec![("name", unfinished)];
        let first = chunks.next().unwrap_or_default();
        fields.extend(first.iter().map(|&id| ("songId", id)));
        let answer = self.change("createPlaylist", &fields)?;
        // Since version 1.14 it says what it made.
        let id = answer.object("playlist");
        let id = match id.and_then(|fields| text(fields, "id")) {
            Some(id) => id,
            None => self
                .find(unfinished)?
                .ok_or_else(|| SubsonicError::Nonsense {
                    server: self.address().to_owned(),
                    method: "createPlaylist".to_owned(),
                })?,
        };
        for chunk in chunks {
            let mut fields = vec![("playlistId", id.as_str())];
            fields.extend(chunk.iter().map(|&song| ("songIdToAdd", song)));
            self.change("updatePlaylist", &fields)?;
        }
        self.compare(&id, name, ids, false)?;
        Ok(id)
    }

    fn rename(
        &self,
        id: &str,
        name: &str,
        note: &str,
        is_public: bool,
    ) -> Result<(), SubsonicError> {
        let is_public = if is_public { "true" } else { "false" };
        let mut fields = vec![("playlistId", id), ("name", name), ("public", is_public)];
        if !note.is_empty() {
            fields.push(("comment", note));
        }
        self.ask("updatePlaylist", &fields)?;
        let kept = self.playlists()?;
        let kept = kept.into_iter().find(|kept| kept.id == id);
        if kept.as_ref().is_some_and(|kept| is_called(kept, name)) {
            return Ok(());
        }
        Err(SubsonicError::Renamed {
            server: self.address().to_owned(),
            name: name.to_owned(),
            kept: kept.map(|kept| kept.name).unwrap_or_default(),
        })
    }

    fn delete_old(
        &self,
        old: &[ServerPlaylist],
        new: &str,
        name: &str,
    ) -> Result<(), SubsonicError> {
        for (place, old) in old.iter().enumerate() {
            match self.ask("deletePlaylist", &[("id", &old.id)]) {
                Err(error) if error.is_absent() => {}
                // It is certain that the old one is still there.
                Err(error) if error.is_refusal() && place == 0 => {
                    return Err(self.taken_back(std::slice::from_ref(old), new, name, error));
                }
                Err(error) => return Err(self.twice(name, error)),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Reads what stands there now, and deletes what other runs left.
    fn look_at(
        &self,
        name: &str,
        new: &str,
        ids: &[&str],
    ) -> Result<ServerPlaylist, SubsonicError> {
        let mut done = None;
        for playlist in self.playlists()? {
            if playlist.id == new {
                done = Some(playlist);
            } else if playlist.is_own == Some(true) && is_left_over(&playlist.name, name) {
                self.give_up(&playlist.id);
            }
        }
        self.compare(new, name, ids, true)?;
        done.ok_or_else(|| SubsonicError::Nonsense {
            server: self.address().to_owned(),
            method: "getPlaylists".to_owned(),
        })
    }

    fn compare(
        &self,
        id: &str,
        name: &str,
        ids: &[&str],
        is_replaced: bool,
    ) -> Result<(), SubsonicError> {
        let kept = self.playlist_songs(id)?;
        if kept == ids {
            return Ok(());
        }
        let same = kept.iter().zip(ids).take_while(|(kept, id)| kept == *id);
        Err(SubsonicError::Differs {
            server: self.address().to_owned(),
            name: name.to_owned(),
            given: ids.len(),
            kept: kept.len(),
            first_difference: same.count() + 1,
            is_replaced,
        })
    }

    fn find(&self, name: &str) -> Result<Option<String>, SubsonicError> {
        let found = self.playlists()?;
        let found = found
            .into_iter()
            .find(|found| is_called(found, name) && found.is_own != Some(false));
        Ok(found.map(|found| found.id))
    }

    /// What went wrong, after the new one was deleted; if that goes wrong too it may have the old one's name by now.
    fn taken_back(
        &self,
        old: &[ServerPlaylist],
        new: &str,
        name: &str,
        error: SubsonicError,
    ) -> SubsonicError {
        if self.give_up(new) || old.is_empty() {
            return error;
        }
        self.twice(name, error)
    }

    fn twice(&self, name: &str, source: SubsonicError) -> SubsonicError {
        SubsonicError::Twice {
            server: self.address().to_owned(),
            name: name.to_owned(),
            source: Box::new(source),
        }
    }

    /// Deletes one that never got its place; whether it is gone. If not, it is deleted the next time.
    fn give_up(&self, id: &str) -> bool {
        match self.ask("deletePlaylist", &[("id", id)]) {
            Ok(_) => true,
            Err(error) => error.is_absent(),
        }
    }
}

/// Ids in pieces that a request has room for.
fn chunks<'a>(ids: &'a [&'a str], by_form: bool) -> impl Iterator<Item = &'a [&'a str]> + 'a {
    let (most_bytes, most_ids) = if by_form {
        (FORM_BYTES, FORM_IDS)
    } else {
        (ADDRESS_BYTES, usize::MAX)
    };
    let mut rest = ids;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let count = rest.iter().take(most_ids).take_while(|id| {
            // The longest field's name, and each sign may be written as three.
            let plain = id.bytes().filter(u8::is_ascii_alphanumeric).count();
            bytes += "&songIdToAdd=".len() + plain + 3 * (id.len() - plain);
            bytes <= most_bytes
        });
        let count = count.count().max(1).min(rest.len());
        let (chunk, others) = rest.split_at(count);
        rest = others;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Servers may write the same letters otherwise.
fn is_called(playlist: &ServerPlaylist, name: &str) -> bool {
    composed(&playlist.name) == composed(name)
}

/// What a playlist is called while it is written, before the digits that differ each time.
fn prefix(name: &str) -> String {
    let hash = hex(&Md5::digest(composed(name).as_bytes()));
    format!("{UNFINISHED}: {}", &hash[..8])
}

fn is_left_over(called: &str, name: &str) -> bool {
    let digits = called.strip_prefix(&prefix(name));
    let digits = digits.and_then(|rest| rest.strip_prefix(' '));
    digits.is_some_and(|digits| {
        digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_have_all_ids_in_their_order_and_fit() {
        let ids: Vec<String> = (0..2000).map(|n| format!("tr/{n:032}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for by_form in [false, true] {
            let pieces: Vec<_> = chunks(&ids, by_form).collect();
            assert_eq!(pieces.concat(), ids);
            for piece in pieces {
                let bytes: usize = piece.iter().map(|id| 13 + id.len() + 2).sum();
                assert!(bytes <= if by_form { FORM_BYTES } else { ADDRESS_BYTES });
                assert!(piece.len() <= FORM_IDS);
            }
        }
        let long = "x".repeat(100_000);
        assert_eq!(chunks(&[&long, "y"], false).count(), 2);
        assert_eq!(chunks(&[], true).count(), 0);
    }

    #[test]
    fn only_names_of_ours_for_the_same_playlist_are_left_over() {
        let ours = format!("{} 0123abcd", prefix("Happy"));
        assert!(is_left_over(&ours, "Happy"));
        assert!(!is_left_over(&ours, "Sad"));
        assert!(!is_left_over(&format!("{ours}e"), "Happy"));
        assert!(!is_left_over(&prefix("Happy"), "Happy"));
        assert!(!is_left_over("Happy", "Happy"));
    }
}
