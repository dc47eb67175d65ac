//! Reads `[files]`: where uploads and exports are stored, either in a folder or in an S3 bucket.

use std::path::Path;

use platform::Files;
use platform::s3::{S3, S3Access};

use super::problem_collector::ProblemCollector;
use super::written::Written;

/// The folder, inside the data folder, for uploads on their way to a bucket.
const FOLDER: &str = "files";

/// Returns the file store, or `None` if its settings are invalid.
pub(super) fn read(
    written: &Written,
    data: &Path,
    check: &mut ProblemCollector<'_>,
) -> Option<Files> {
    let files = &written.files;
    let max_upload = max_upload(written, check);
    if let Some(folder) = files.url.strip_prefix("folder:") {
        return Some(Files::folder(data.join(folder), max_upload));
    }
    let Some(bucket) = files.url.strip_prefix("s3://") else {
        check.refuse(
            "files.url",
            "files.url begins neither with \"folder:\" nor with \"s3://\"",
            "write \"folder:files\" or \"s3://BUCKET/PREFIX\"",
        );
        return None;
    };
    let access = S3Access {
        endpoint: files.endpoint.clone(),
        region: files.region.clone(),
        access_key: files.access_key.clone(),
        secret_key: check.secret(
            "files.secret_key",
            &files.secret_key,
            &files.secret_key_file,
        ),
    };
    let bucket = check.accept("files.url", S3::at(bucket, &access))?;
    Some(Files::bucket(bucket, data.join(FOLDER), max_upload))
}

fn max_upload(written: &Written, check: &mut ProblemCollector<'_>) -> usize {
    let size = check.accept("files.max_upload", bytes(&written.files.max_upload));
    size.and_then(|size| usize::try_from(size).ok())
        .unwrap_or_default()
}

fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" => Some(1),
        "K" => Some(1_u64 << 10),
        "M" => Some(1 << 20),
        "G" => Some(1 << 30),
        _ => None,
    };
    let size = digits.parse::<u64>().ok().zip(unit);
    size.and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|size| *size > 0)
        .ok_or_else(|| format!("{text:?} is no size; write it like 500K, 15M or 1G"))
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("15M"), Ok(15 << 20));
        assert_eq!(bytes("700"), Ok(700));
        for wrong in ["", "M", "0", "15MB", "-1K", "99999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
