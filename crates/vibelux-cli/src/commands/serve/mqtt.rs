//! `vibelux serve --mqtt`: mood and song to a broker of home automation, and its commands to the page.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use vibelux::{Emotion, EmotionVector};
use vibelux_players::mqtt::{
    Command, HomeAssistant, MoodMessage, MqttAddress, MqttLink, MqttSettings, SongMessage,
};
use vibelux_server::{Home, HomeAccess, Now, Order, Orders};

use crate::output;
use crate::servers::secret;

/// Where the password is looked for.
const PASSWORD: &str = "VIBELUX_MQTT_PASSWORD";

/// The flags.
#[derive(Debug, clap::Args)]
pub struct MqttArgs {
    /// Tell the mood of the owner's page, and the song that plays, to this MQTT broker, and let it ask for songs, such as
    /// mqtt://nas.local (off by default: whoever reads there sees how your face looks)
    #[arg(long, value_name = "ADDRESS")]
    mqtt: Option<MqttAddress>,
    /// What the topics begin with
    #[arg(
        long,
        value_name = "TOPIC",
        default_value = "vibelux",
        requires = "mqtt"
    )]
    mqtt_topic: String,
    /// The user there
    #[arg(long, value_name = "NAME", requires = "mqtt")]
    mqtt_user: Option<String>,
    /// A file whose first line is the password [default: VIBELUX_MQTT_PASSWORD]
    #[arg(long, value_name = "FILE", requires = "mqtt")]
    mqtt_password_file: Option<PathBuf>,
    /// Certificates (PEM) of the authorities that a broker with TLS (mqtts://) is trusted by
    #[arg(long, value_name = "FILE", requires = "mqtt")]
    mqtt_authority: Option<PathBuf>,
    /// Let the broker keep the latest mood and song for who comes later
    #[arg(long, requires = "mqtt")]
    mqtt_retain: bool,
    /// Tell Home Assistant of it, or, with `=forget` and the same topic, take back what it was told
    #[arg(
        long,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "tell",
        requires = "mqtt"
    )]
    mqtt_home_assistant: Option<Discovery>,
}

/// What Home Assistant hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Discovery {
    /// That there are a mood and a song to show
    Tell,
    /// That there are none any more
    Forget,
}

impl MqttArgs {
    /// Connects, if that is wanted.
    ///
    /// # Errors
    /// If the broker does not let it in.
    pub fn connect(&self) -> anyhow::Result<Option<HomeAccess>> {
        let Some(address) = &self.mqtt else {
            return Ok(None);
        };
        let mut address = address.clone();
        if let Some(user) = &self.mqtt_user {
            address = address.with_user(user);
        }
        if let Some(password) = secret(self.mqtt_password_file.as_deref(), PASSWORD)? {
            address = address.with_password(&password);
        }
        let names = Emotion::ALL.map(Emotion::name);
        let mut settings =
            MqttSettings::new(address, &self.mqtt_topic)?.with_retained(self.mqtt_retain);
        if let Some(file) = &self.mqtt_authority {
            settings = settings.with_authority(&authority(file)?)?;
        }
        if let Some(discovery) = self.mqtt_home_assistant {
            settings = settings.with_home_assistant(match discovery {
                Discovery::Tell => HomeAssistant::announce(&names),
                Discovery::Forget => {
                    crate::tell!(
                        "Home Assistant forgets what it was told of topics that begin with {:?}; the broker is told mood and song as before",
                        self.mqtt_topic
                    );
                    HomeAssistant::remove(&names)
                }
            })?;
        }
        let orders = Orders::default();
        let pages = orders.clone();
        let link = MqttLink::start(
            settings,
            move |command| obey(command, &pages),
            |note| crate::tell!("{note}"),
        )?;
        crate::tell!(
            "the mood of your page is told to the broker: whoever reads there sees how your face looks. Not for workplace, school or hiring"
        );
        Ok(Some(HomeAccess {
            home: Box::new(Broker(link)),
            orders,
        }))
    }
}

fn authority(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", output::readable(file)))
}

/// Does what somebody at the broker wants.
fn obey(command: Command, pages: &Orders) -> Result<(), String> {
    let order = match command {
        Command::Play(None) => Order::Play(None),
        Command::Play(Some(mood)) => {
            let mood = mood.parse::<EmotionVector>();
            Order::Play(Some(mood.map_err(|error| error.to_string())?))
        }
        Command::Pause | Command::Stop => Order::Pause,
        Command::Next => Order::Next,
    };
    pages.give(order).map_err(|error| error.to_string())
}

struct Broker(MqttLink);

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Broker(..)")
    }
}

impl Home for Broker {
    fn tell(&self, now: &Now) {
        match &now.mood {
            Some(mood) => self.0.publish_mood(&MoodMessage {
                strongest: mood.strongest().name().to_owned(),
                emotions: Emotion::ALL
                    .map(|emotion| (emotion.name().to_owned(), f64::from(mood.get(emotion))))
                    .to_vec(),
                time: SystemTime::now(),
            }),
            None => self.0.clear_mood(),
        }
        let song = now.song.as_ref().map(|song| SongMessage {
            title: Some(song.title.clone()),
            artist: song.artist.clone(),
        });
        self.0.publish_song(song.as_ref());
    }
}
