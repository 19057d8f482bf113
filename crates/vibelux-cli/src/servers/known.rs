//! [`KnownSongs`]: a library beside a server, and what is picked of the songs that both have.

use indicatif::ProgressBar;

use super::MusicServer;
use super::matched::matched;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::results;
use crate::sought::{SoughtArgs, SoughtLibrary, Wish};

/// The songs of a library, and what a server calls them.
pub struct KnownSongs {
    /// The library.
    pub library: SoughtLibrary,
    /// What the server calls each of its songs, if it has it.
    ids: Vec<Option<String>>,
}

/// What was picked.
#[derive(Debug, Default)]
pub struct PickedSongs {
    /// What the server calls them.
    pub ids: Vec<String>,
    /// Their titles, a line each.
    pub lines: String,
}

impl KnownSongs {
    /// Reads the library, and lists the server's songs.
    ///
    /// # Errors
    /// If either cannot be read, or no song is in both.
    pub fn load(
        server: &dyn MusicServer,
        sought: &SoughtArgs,
        library: &LibraryArgs,
    ) -> anyhow::Result<Self> {
        let store = library.open_soon()?;
        // The server has them, wherever their files are here.
        let library = SoughtLibrary::load_wherever(sought, &store)?;
        let called = server.called();
        let bar = ProgressBar::new_spinner();
        let songs = server.songs(&mut |count| {
            bar.set_message(format!("{called}: {} so far", output::songs(count)));
            bar.tick();
        })?;
        bar.finish_and_clear();
        let ids = matched(&library.songs.table, &songs).ids;
        let known = ids.iter().flatten().count();
        if known == 0 {
            anyhow::bail!(
                "none of the {} of {called} is in the library; embed the same songs, or see that their tags or paths are alike",
                output::songs(songs.len())
            );
        }
        crate::tell!(
            "{} of its {} are in the library",
            known,
            output::songs(songs.len())
        );
        Ok(Self { library, ids })
    }

    /// What the server calls a song of the library, if it has it.
    fn id(&self, at: usize) -> Option<&str> {
        self.ids[at].as_deref()
    }

    /// The songs for a wish that the server has, each once, without those that `leaves_out` the server's ids of.
    pub fn picked(&self, mut wish: Wish, leaves_out: impl Fn(&str) -> bool) -> PickedSongs {
        let may_come = |at: &usize| self.id(*at).is_some_and(|id| !leaves_out(id));
        // The ends of a journey come even if they may not.
        wish.request.first = wish.request.first.filter(may_come);
        wish.request.last = wish.request.last.filter(may_come);
        let strangers = (0..self.ids.len()).filter(|at| !may_come(at));
        let without = strangers.chain(wish.left_out);
        let picks = self.library.picks(&wish.request, without);
        let mut picked = PickedSongs::default();
        for at in picks.iter().map(|pick| pick.position) {
            // Two copies of ours may be one song there.
            let Some(id) = self
                .id(at)
                .filter(|id| !picked.ids.iter().any(|own| own == id))
            else {
                continue;
            };
            picked.ids.push(id.to_owned());
            let title = results::song_title(&self.library.songs.table, at);
            picked.lines += &format!("  {title}\n");
        }
        picked
    }
}
