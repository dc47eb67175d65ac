//! Static assets (styles, scripts, fonts, pictures). They are embedded in the executable and
//! compressed at build time.

pub(crate) struct Asset {
    /// The path below `assets/`, such as `fonts/naskh.woff2`.
    pub(crate) name: &'static str,
    /// The path in URLs, such as `/assets/fonts/naskh.0123456789ab.woff2`.
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plain: &'static [u8],
    pub(crate) gzip: Option<&'static [u8]>,
}

/// All embedded files, sorted by name.
pub(crate) static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

fn named(name: &str) -> Option<&'static Asset> {
    let place = ASSETS.binary_search_by(|asset| asset.name.cmp(name)).ok()?;
    ASSETS.get(place)
}

/// Returns the URL path of the asset `name`, which is a path in `assets/`. For an unknown name,
/// logs an error and returns a path that does not exist. A test checks every name in use.
pub fn asset(name: &str) -> &'static str {
    find(name).unwrap_or_else(|| {
        tracing::error!(name, "there is no such asset; please report this");
        "/assets/missing"
    })
}

/// Like [`asset`], but `None` for an unknown name.
pub fn find(name: &str) -> Option<&'static str> {
    Some(named(name)?.path)
}

/// The text of an embedded stylesheet. For an unknown name, logs an error and returns nothing.
pub(crate) fn style(name: &str) -> &'static str {
    let text = named(name).map(|asset| str::from_utf8(asset.plain).unwrap_or_default());
    text.unwrap_or_else(|| {
        tracing::error!(name, "there is no such stylesheet; please report this");
        ""
    })
}

/// The compressed size of an asset in bytes. Tests use it to limit the size of pages.
pub fn weight(name: &str) -> Option<usize> {
    let asset = named(name)?;
    Some(asset.gzip.unwrap_or(asset.plain).len())
}
