//! [`choose`]: which of the players is meant.

use super::error::MprisError;
use super::info::{PlayerInfo, short};
use crate::queue::PlayState;

/// What passes on what is said to another player, and looks like that one.
const MIRROR: &str = "playerctld";

/// The player that is called so, by a part of its name on the bus or of what people call it, whatever the case of letters. If none is asked for, or
/// several are called so: the one that plays, or the only one.
pub(super) fn choose<'a>(
    players: &'a [PlayerInfo],
    wanted: Option<&str>,
) -> Result<&'a PlayerInfo, MprisError> {
    let meant: Vec<&PlayerInfo> = match wanted {
        Some(wanted) => named(players, wanted),
        None => {
            let players = players.iter();
            players.filter(|p| short(&p.bus_name) != MIRROR).collect()
        }
    };
    let chosen = match (only(&meant), wanted) {
        (Some(player), _) => player,
        (None, Some(wanted)) if meant.is_empty() && !players.is_empty() => {
            return Err(MprisError::NotFound {
                wanted: wanted.to_owned(),
                there: labels(players.iter()),
            });
        }
        (None, _) if meant.is_empty() => return Err(MprisError::NoPlayer),
        (None, _) => {
            return Err(MprisError::Ambiguous {
                there: labels(meant.iter().copied()),
            });
        }
    };
    if !chosen.can_control {
        return Err(MprisError::NotControllable {
            player: chosen.label(),
        });
    }
    Ok(chosen)
}

/// Who is called so exactly, or else has it in the name.
fn named<'a>(players: &'a [PlayerInfo], wanted: &str) -> Vec<&'a PlayerInfo> {
    let wanted = wanted.to_lowercase();
    let names = |player: &PlayerInfo| {
        [
            player.bus_name.to_lowercase(),
            short(&player.bus_name).to_lowercase(),
            player.identity.to_lowercase(),
        ]
    };
    let exact: Vec<_> = players
        .iter()
        .filter(|player| names(player).contains(&wanted))
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    players
        .iter()
        .filter(|player| {
            let [_, short, identity] = names(player);
            short.contains(&wanted) || identity.contains(&wanted)
        })
        .collect()
}

/// The only one, or the only one that plays, or the only one that can be controlled.
fn only<'a>(players: &[&'a PlayerInfo]) -> Option<&'a PlayerInfo> {
    if let [player] = players {
        return Some(player);
    }
    let of = |is: fn(&PlayerInfo) -> bool| {
        let mut those = players.iter().filter(|player| is(player));
        those.next().filter(|_| those.next().is_none()).copied()
    };
    of(|player| player.can_control && player.state == PlayState::Play)
        .or_else(|| of(|player| player.can_control))
}

fn labels<'a>(players: impl Iterator<Item = &'a PlayerInfo>) -> Vec<String> {
    players.map(PlayerInfo::label).collect()
}

#[cfg(test)]
mod tests {
    use super::super::value::{Fields, Value};
    use super::*;

    fn player(name: &str, identity: &str, status: &str, can_control: bool) -> PlayerInfo {
        let text = |text: &str| Value::Text(text.to_owned());
        let root = Fields::from([("Identity".to_owned(), text(identity))]);
        let state = Fields::from([
            ("PlaybackStatus".to_owned(), text(status)),
            ("CanControl".to_owned(), Value::Flag(can_control)),
        ]);
        let name = format!("org.mpris.MediaPlayer2.{name}");
        PlayerInfo::read(&name, &root, &state, &Fields::new())
    }

    #[test]
    fn the_one_that_is_meant_is_chosen() {
        let players = [
            player("vlc", "VLC media player", "Paused", true),
            player("vlc.instance7", "VLC media player", "Stopped", true),
            player("strawberry", "Strawberry", "Stopped", true),
            player("kiosk", "Kiosk", "Playing", false),
            player("playerctld", "playerctld", "Playing", true),
        ];
        let chosen = |wanted| choose(&players, wanted).map(|p| short(&p.bus_name).to_owned());
        assert_eq!(chosen(Some("STRAW")).unwrap(), "strawberry");
        assert_eq!(chosen(Some("vlc")).unwrap(), "vlc", "its whole name");
        assert_eq!(
            chosen(Some("org.mpris.MediaPlayer2.vlc.instance7")).unwrap(),
            "vlc.instance7"
        );
        let error = chosen(Some("media player")).unwrap_err();
        assert!(matches!(&error, MprisError::Ambiguous { there } if there.len() == 2));
        let error = chosen(None).unwrap_err();
        assert!(matches!(&error, MprisError::Ambiguous { there } if there.len() == 4));
        let error = chosen(Some("amarok")).unwrap_err();
        assert!(error.to_string().contains("Strawberry (strawberry)"));
        let error = chosen(Some("kiosk")).unwrap_err();
        assert!(matches!(error, MprisError::NotControllable { .. }));
        assert!(matches!(choose(&[], None), Err(MprisError::NoPlayer)));
        assert!(matches!(choose(&[], Some("a")), Err(MprisError::NoPlayer)));
        assert_eq!(choose(&players[2..], None).unwrap(), &players[2]);
    }

    #[test]
    fn the_one_that_plays_is_meant_if_nobody_says_which() {
        let players = [
            player("vlc", "VLC media player", "Paused", true),
            player("strawberry", "Strawberry", "Playing", true),
        ];
        assert_eq!(choose(&players, None).unwrap(), &players[1]);
        assert_eq!(choose(&players[..1], None).unwrap(), &players[0]);
    }
}
