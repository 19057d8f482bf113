//! [`HomeAssistant`]: what Home Assistant is told so that the mood and the player appear there by themselves: its "MQTT discovery", one
//! kept message for each thing it shows (home-assistant.io/integrations/mqtt; held against the schemas of release 2026.2).

use serde_json::{Value, json};

use super::topics::Topics;

/// Where Home Assistant looks if nobody has changed that.
const PREFIX: &str = "homeassistant";

/// What Home Assistant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeAssistant {
    pub(super) prefix: String,
    pub(super) moods: Vec<String>,
    name: String,
    removes: bool,
}

impl HomeAssistant {
    /// It shows the strongest mood, the share of each of these, the song, and what plays moods.
    #[must_use]
    pub fn announce(moods: &[&str]) -> Self {
        Self {
            prefix: PREFIX.to_owned(),
            moods: moods.iter().map(|mood| (*mood).to_owned()).collect(),
            name: "VibeluX".to_owned(),
            removes: false,
        }
    }

    /// It forgets all that [`Self::announce`] with the same moods (and the same topics) has told it.
    #[must_use]
    pub fn remove(moods: &[&str]) -> Self {
        Self {
            removes: true,
            ..Self::announce(moods)
        }
    }

    /// Where it looks, if that was changed there (`homeassistant` if nothing is said).
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.to_owned();
        self
    }

    /// How the device is called there (`VibeluX` if nothing is said).
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Whether a mood may be called so: its name stands in templates.
    pub(super) fn is_name(name: &str) -> bool {
        let mut signs = name.chars();
        !name.is_empty() && signs.all(|sign| sign.is_ascii_alphanumeric() || sign == '_')
    }

    /// The topics and what is kept there; nothing is what removes it.
    pub(super) fn messages(&self, topics: &Topics) -> Vec<(String, Vec<u8>)> {
        let slug = topics.slug();
        let things = self.things(topics).into_iter();
        things
            .map(|(kind, id, config)| {
                let topic = format!("{}/{kind}/{slug}/{id}/config", self.prefix);
                if self.removes {
                    return (topic, Vec::new());
                }
                let config = self.complete(topics, &slug, kind, &id, config);
                (topic, config.to_string().into_bytes())
            })
            .collect()
    }

    /// What is shown: of which kind, by which name, and what sets it apart.
    fn things(&self, topics: &Topics) -> Vec<(&'static str, String, Value)> {
        let sensor = |id: &str, config| ("sensor", id.to_owned(), config);
        let button = |id: &str, name: &str, icon: &str| {
            let config = json!({
                "name": name, "icon": icon,
                "command_topic": topics.command, "payload_press": id,
            });
            ("button", id.to_owned(), config)
        };
        let mut things = vec![
            sensor(
                "mood",
                json!({
                    "name": "Mood", "icon": "mdi:emoticon-outline",
                    "state_topic": topics.mood,
                    "device_class": "enum", "options": self.moods,
                    // No mood is said as null, and a kept one is removed by nothing at all.
                    "value_template": "{{ value_json.strongest if value_json is defined else None }}",
                }),
            ),
            sensor(
                "song",
                json!({
                    "name": "Song", "icon": "mdi:music",
                    "state_topic": topics.song,
                    // The longest state that there may be has 255 signs.
                    "value_template": "{{ ([value_json.artist, value_json.title] | select | join(' - '))[:255] if value_json is defined and value_json.playing else None }}",
                }),
            ),
            (
                "select",
                "play_mood".to_owned(),
                json!({
                    "name": "Play mood", "icon": "mdi:playlist-music",
                    "command_topic": topics.command, "options": self.moods,
                    "command_template": "play {{ value }}",
                }),
            ),
            button("play", "Play", "mdi:play"),
            button("pause", "Pause", "mdi:pause"),
            button("next", "Next", "mdi:skip-next"),
            button("stop", "Stop", "mdi:stop"),
        ];
        things.extend(self.moods.iter().map(|mood| {
            let value = format!(
                "{{{{ (value_json.emotions.{mood} * 100) | round(1) if value_json is defined and value_json.strongest else None }}}}"
            );
            let config = json!({
                "name": capital(mood), "icon": "mdi:percent-outline",
                "state_topic": topics.mood, "value_template": value,
                "unit_of_measurement": "%", "state_class": "measurement",
                "suggested_display_precision": 0,
            });
            sensor(&format!("mood_{mood}"), config)
        }));
        things
    }

    fn complete(
        &self,
        topics: &Topics,
        slug: &str,
        kind: &str,
        id: &str,
        mut config: Value,
    ) -> Value {
        config["unique_id"] = json!(format!("vibelux_{slug}_{id}"));
        config["default_entity_id"] = json!(format!("{kind}.{}_{id}", slug.to_lowercase()));
        config["availability_topic"] = json!(topics.availability);
        config["qos"] = json!(1);
        config["device"] = json!({
            "identifiers": [format!("vibelux_{slug}")],
            "name": self.name,
            "sw_version": env!("CARGO_PKG_VERSION"),
        });
        config["origin"] = json!({"name": "VibeluX", "sw_version": env!("CARGO_PKG_VERSION")});
        config
    }
}

/// With a capital letter.
fn capital(word: &str) -> String {
    let mut signs = word.chars();
    let first = signs.next().map(|sign| sign.to_ascii_uppercase());
    first.into_iter().chain(signs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_complete_and_is_removed_where_it_was_told() {
        let topics = Topics::new("home/vibelux").unwrap();
        let told = HomeAssistant::announce(&["happy", "sad"]).messages(&topics);
        assert_eq!(told.len(), 9);
        for (topic, config) in &told {
            let config: Value = serde_json::from_slice(config).unwrap();
            assert!(config["unique_id"].is_string(), "{topic}");
            assert_eq!(config["availability_topic"], "home/vibelux/availability");
            let kind = topic.split('/').nth(1).unwrap();
            let id = config["default_entity_id"].as_str().unwrap();
            assert!(id.starts_with(&format!("{kind}.home_vibelux_")), "{id}");
        }
        let removed = HomeAssistant::remove(&["happy", "sad"]).messages(&topics);
        assert!(removed.iter().all(|(_, config)| config.is_empty()));
        let topics_of = |messages: Vec<(String, Vec<u8>)>| -> Vec<String> {
            messages.into_iter().map(|(topic, _)| topic).collect()
        };
        assert_eq!(topics_of(told), topics_of(removed));
    }

    #[test]
    fn names_cannot_leave_their_templates() {
        assert!(HomeAssistant::is_name("very_happy2"));
        for name in ["", "a b", "a}}", "a.b", "fröhlich"] {
            assert!(!HomeAssistant::is_name(name), "{name}");
        }
    }
}
