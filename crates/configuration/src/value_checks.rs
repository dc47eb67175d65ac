//! Checks of values that occur only in this crate's own settings.

use platform::Secret;
use units::Check;

/// Returns `number`, and adds a problem if it is not between `least` and `most`.
pub(super) fn number(check: &mut Check, key: &str, number: u32, least: u32, most: u32) -> u32 {
    if !(least..=most).contains(&number) {
        let mend = format!("write a number from {least} to {most}");
        check.refuse_sentence(key, format!("{key} is {number}"), mend);
    }
    number
}

/// Returns a secret, either from the settings or from the file that they name.
pub(super) fn secret(check: &mut Check, key: &str, written: &str, file: &str) -> Option<Secret> {
    if file.is_empty() {
        return (!written.is_empty()).then(|| Secret::new(written));
    }
    let file_key = format!("{key}_file");
    if !written.is_empty() {
        check.refuse_sentence(
            &file_key,
            format!("{key} and {file_key} are both set"),
            format!("keep one of them; {file_key} is safest"),
        );
        return None;
    }
    let path = check.path(&file_key, file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(Secret::new(text.trim_end_matches(['\r', '\n']))),
        Err(error) => {
            check.absent(
                &file_key,
                format!("cannot read {}: {error}", path.display()),
                "correct the path, or give the file to the user that runs Kenduri (chown)",
            );
            // Nothing is signed or encrypted with it, because without the file nothing starts.
            check.allows_absent().then(|| Secret::new(""))
        }
    }
}
