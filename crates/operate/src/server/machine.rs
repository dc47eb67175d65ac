//! Shows the figures of the machine and the store on the operator's page.

use web::Text;

use super::context::span;
use crate::machine::{MachineStatus, Room, StoreFigures, written_bytes};

pub(super) struct Figure {
    /// The message id of the figure's name.
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl Figure {
    /// Returns the figures that the system reports.
    pub(super) fn list(text: &Text, status: &MachineStatus, store: StoreFigures) -> Vec<Self> {
        let room = |room: Room| {
            let (free, size) = (written_bytes(room.free), written_bytes(room.total));
            text.with(
                "server-free",
                [("free", free.into()), ("size", size.into())],
            )
        };
        let load = status.load.map(|load| {
            let load = load.map(|number| format!("{number:.2}")).join(" · ");
            let processors = i64::try_from(status.processors).unwrap_or(i64::MAX);
            let values = [("load", load.into()), ("n", processors.into())];
            text.with("server-load-text", values)
        });
        let lag = match store.behind_seconds {
            0 => text.say("server-store-lag-none").into_owned(),
            seconds => {
                let lag = span(text, seconds);
                text.with("server-store-lag-text", [("lag", lag.into())])
            }
        };
        let figures = [
            ("server-memory-room", status.memory.map(room)),
            ("server-disk", status.disk.map(room)),
            ("server-load", load),
            ("server-store", store.bytes.map(written_bytes)),
            ("server-store-lag", Some(lag)),
        ];
        let figures = figures.into_iter().filter_map(|(name, value)| {
            let value = value?;
            Some(Self { name, value })
        });
        figures.collect()
    }
}
