//! Writes the configuration in effect down, each value with the place that set it.
//! What it writes is TOML that loads again, but for the secrets, which it never shows.

use super::key::KeyPath;
use super::layers::Layers;

/// All settings, in sections.
pub(super) fn show(layers: &Layers) -> String {
    let mut sections: Vec<KeyPath> = Vec::new();
    for setting in layers.iter() {
        let (section, _) = setting.key.split_section();
        // A later layer may add a key to a section that came long before, and TOML allows each
        // header once.
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    let texts: Vec<_> = sections.iter().map(|section| show_section(layers, section)).collect();
    texts.join("\n")
}

fn show_section(layers: &Layers, section: &KeyPath) -> String {
    let mut text = format!("[{section}]\n");
    for setting in layers.iter().filter(|setting| setting.key.is_inside(section)) {
        let (_, key) = setting.key.split_section();
        text.push_str(&format!("{key} = {}  # {}\n", setting.value, setting.origin));
    }
    text
}
