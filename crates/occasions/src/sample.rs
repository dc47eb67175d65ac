//! A minimal occasion and a minimal invitation for tests.

use jiff::Timestamp;
use web::theme::Preset;
use web::{I18n, Theme};

use crate::event::Event;
use crate::invitation::{self, Invitation};
use crate::occasion::Occasion;
use crate::upload::{Upload, UploadKind, UploadState};
use crate::words::OccasionStatus;
use platform::id::Id;

pub(crate) fn occasion() -> Occasion {
    Occasion {
        slug: "sample".to_owned(),
        status: OccasionStatus::Published,
        title: I18n::one("en", "Our wedding"),
        hosts: I18n::one("en", "Aisyah & Daniel"),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
        currency: "MYR".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        theme: Theme {
            preset: Preset::Songket,
            ..Theme::PLAIN
        },
        ..Occasion::blank(Id::from_text(
            "01970000-0000-7000-8000-000000000001".to_owned(),
        ))
    }
}

pub(crate) fn invitation(occasion: &Occasion) -> Invitation {
    Invitation {
        id: Id::from_text("01970000-0000-7000-8000-000000000002".to_owned()),
        occasion: occasion.id.clone(),
        code: "RAHMA".to_owned(),
        details: invitation_details(),
        note_version: 1,
        access_epoch: 1,
        version: 1,
        ..Invitation::default()
    }
}

pub(crate) fn invitation_details() -> invitation::Details {
    invitation::Details {
        household: "Keluarga Rahman".to_owned(),
        email: Some("rahman@example.com".to_owned()),
        plus_ones: 2,
        ..invitation::Details::default()
    }
}

pub(crate) fn event(key: &str) -> Event {
    Event {
        id: Id::from_text(key.to_owned()),
        key: key.to_owned(),
        name: I18n::one("en", key),
        hour_known: true,
        end_known: true,
        version: 1,
        ..Event::default()
    }
}

pub(crate) fn upload() -> Upload {
    let occasion = occasion();
    Upload {
        id: Id::from_text("01970000-0000-7000-8000-000000000003".to_owned()),
        invitation: invitation(&occasion).id,
        occasion: occasion.id,
        name: "IMG_1.jpg".to_owned(),
        caption: "The first dance".to_owned(),
        kind: UploadKind::Picture,
        state: UploadState::Pending,
        file: "a-4096x3072.jpg".to_owned(),
        bytes: 900_000,
        thumbnail: "a-400x400.jpg".to_owned(),
        thumbnail_bytes: 20_000,
        digest: "d".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        position: 0,
    }
}
