//! The messages of the operator's pages, alerts and the status page.

use web::Locale;

pub const LOCALES: &[Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("en", include_str!("../locales/en-mail.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("ms", include_str!("../locales/ms-mail.ftl")),
    ("en", include_str!("../locales/en-status.ftl")),
    ("ms", include_str!("../locales/ms-status.ftl")),
    ("it", include_str!("../locales/it-status.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-status.ftl")),
    ("ar", include_str!("../locales/ar-status.ftl")),
];
