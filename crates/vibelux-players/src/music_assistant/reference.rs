//! Which song an item of Music Assistant is.
//!
//! Its library gathers what several providers have of the same song, and a playlist may hold any of these. So songs are called by the address of
//! one of them, that of a file if there is one (`filesystem_local--abcd://track/Artist/Album/01.flac`), and compared by all of them.

use serde_json::Value;

/// The address of the item of a provider that stands for a song in playlists and queues.
pub(super) fn address_of(item: &Value) -> Option<String> {
    let mapping = file_of(item).or_else(|| mappings(item).find(|mapping| is_available(mapping)));
    let of_mapping = mapping.and_then(|mapping| {
        let instance = mapping["provider_instance"].as_str()?;
        let id = mapping["item_id"].as_str()?;
        Some(format!("{instance}://track/{id}"))
    });
    of_mapping.or_else(|| item["uri"].as_str().map(str::to_owned))
}

/// What the provider of the server's own files, or of a network drive, has of a song. Its id is the path below the provider's folder.
pub(super) fn file_of(item: &Value) -> Option<&Value> {
    mappings(item).find(|mapping| {
        let domain = mapping["provider_domain"].as_str().unwrap_or_default();
        domain.starts_with("filesystem") && is_available(mapping)
    })
}

/// Whether an item is the song with this address.
pub(super) fn is_song(item: &Value, address: &str) -> bool {
    if item["uri"].as_str() == Some(address) {
        return true;
    }
    let Some((provider, id)) = address.split_once("://track/") else {
        return false;
    };
    mappings(item).any(|mapping| {
        let is_provider = |key: &str| mapping[key].as_str() == Some(provider);
        mapping["item_id"].as_str() == Some(id)
            && (is_provider("provider_instance") || is_provider("provider_domain"))
    })
}

fn mappings(item: &Value) -> impl Iterator<Item = &Value> {
    item["provider_mappings"].as_array().into_iter().flatten()
}

fn is_available(mapping: &Value) -> bool {
    mapping["available"].is_null() || is_true(&mapping["available"])
}

/// Some versions write 1 for true.
pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or(value == 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_stands_for_a_song_and_every_provider_names_it() {
        let item = json!({
            "uri": "library://track/7",
            "provider_mappings": [
                { "item_id": "4uLU6h", "provider_domain": "spotify", "provider_instance": "spotify--x1" },
                { "item_id": "A/B/01.flac", "provider_domain": "filesystem_local", "provider_instance": "filesystem_local--y2" },
            ],
        });
        let address = "filesystem_local--y2://track/A/B/01.flac";
        assert_eq!(address_of(&item).as_deref(), Some(address));
        assert!(is_song(&item, address));
        assert!(is_song(&item, "library://track/7"));
        assert!(is_song(&item, "spotify://track/4uLU6h"));
        assert!(!is_song(&item, "spotify--x2://track/4uLU6h"));
        assert!(!is_song(&item, "filesystem_local--y2://track/A/B/02.flac"));
    }

    #[test]
    fn a_file_that_is_away_does_not_stand_for_it() {
        let item = json!({
            "uri": "library://track/7",
            "provider_mappings": [
                { "item_id": "a.flac", "provider_domain": "filesystem_smb", "provider_instance": "filesystem_smb--z", "available": false },
            ],
        });
        assert_eq!(address_of(&item).as_deref(), Some("library://track/7"));
    }
}
