//! Reads `[files]`: where uploads and exports are stored, either in a folder or in an S3 bucket.

use std::path::Path;

use platform::Files;
use platform::s3::{S3, S3Access};
use units::Check;

use super::value_checks::secret;
use super::written::Written;

/// Inside the data folder, for uploads on their way to a bucket.
const FOLDER: &str = "files";

/// Returns the file store, or `None` if its settings are invalid.
pub(super) fn read(written: &Written, data: &Path, check: &mut Check) -> Option<Files> {
    let files = &written.files;
    let max_upload = check.accept("files.max_upload", units::size(&files.max_upload));
    let max_upload = usize::try_from(max_upload?).ok()?;
    if let Some(folder) = files.url.strip_prefix("folder:") {
        return Some(Files::folder(data.join(folder), max_upload));
    }
    let Some(bucket) = files.url.strip_prefix("s3://") else {
        check.refuse_sentence(
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
        secret_key: secret(
            check,
            "files.secret_key",
            &files.secret_key,
            &files.secret_key_file,
        ),
    };
    let bucket = check.accept("files.url", S3::at(bucket, &access))?;
    Some(Files::bucket(bucket, data.join(FOLDER), max_upload))
}
