//! What services say: all of it, in order, and no more memory than there is room for.

use std::fs;

use supervisor::{Heard, Wish};

use crate::support::{House, folder, until};

#[test]
fn rotation_loses_no_line() {
    let house = House::new(
        r#"
        [counts]
        run = "i=0; while test $i -lt 3000; do i=$((i+1)); echo line $i; echo err $i >&2; done; echo '{\"last\":true}'"
        shell = true
        restart = { when = "never" }
        logs = { max = "20K", keep = 100 }
        "#,
    );
    until("it has ended", || {
        house.said("counts").contains("{\"last\":true}\n")
    });
    let folder = house.stop();
    let mut names: Vec<(u32, std::path::PathBuf)> = fs::read_dir(folder.path().join("logs"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let number = path.extension().and_then(|end| end.to_str()?.parse().ok());
            (number.unwrap_or(0), path)
        })
        .collect();
    names.sort();
    assert!(names.len() > 5);
    let texts = names
        .iter()
        .rev()
        .map(|(_, path)| fs::read_to_string(path).unwrap());
    let all: String = texts.collect();
    assert!(
        names
            .iter()
            .all(|(_, path)| path.metadata().unwrap().len() <= 20 << 10)
    );
    for (stream, word) in [("out", "line"), ("err", "err")] {
        let before = format!(" counts 0 {stream} {word} ");
        let numbers = all
            .lines()
            .filter_map(|line| line.split_once(&before)?.1.parse::<u32>().ok());
        assert!(numbers.eq(1..=3_000), "every line once and in order");
    }
}

#[test]
fn a_follower_hears_every_line_once() {
    let folder = folder();
    let house = House::in_folder(
        folder,
        r#"
        [talks]
        run = "while ! test -e go; do sleep 0.02; done; for i in 1 2 3 4 5 6 7 8 9 10; do echo said $i; sleep 0.01; done; echo other; sleep 1000"
        shell = true
        "#,
    );
    house.ready("talks", 1);
    let wish = Wish {
        service: Some("talks".to_owned()),
        grep: Some("said".to_owned()),
        ..Wish::default()
    };
    let mut follow = house.wait(house.control.follow(wish.clone())).unwrap();
    fs::write(house.folder.path().join("go"), "").unwrap();
    let mut heard = Vec::new();
    while heard.len() < 10 {
        let Heard { lines, missed } = house.wait(follow.next()).unwrap();
        assert_eq!(missed, 0);
        heard.extend(lines.into_iter().map(|line| line.text));
    }
    let wanted: Vec<String> = (1..=10).map(|number| format!("said {number}")).collect();
    assert_eq!(heard, wanted);
    let last = Wish {
        last: Some(2),
        ..wish
    };
    let lines = house.wait(house.control.logs(&last)).unwrap();
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["said 9", "said 10"]);
    house.stop();
}

#[test]
fn one_that_talks_without_end_disturbs_nobody() {
    let house = House::new(
        r#"
        [chatty]
        run = "yes this is said again and again and again"
        logs = { max = "1M", keep = 2 }
        [quiet]
        run = "i=0; while :; do i=$((i+1)); echo quiet $i; sleep 0.05; done"
        shell = true
        "#,
    );
    house.ready("quiet", 1);
    let logs = house.folder.path().join("logs");
    until("much was said", || logs.join("chatty.log.2").exists());
    let before = house.said("quiet").lines().count();
    until("the other is heard", || {
        house.said("quiet").lines().count() > before + 5
    });
    house.wait(house.control.restart("quiet")).unwrap();
    let kept = house.wait(house.control.logs(&Wish::default())).unwrap();
    let bytes: usize = kept.iter().map(|line| line.text.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes are remembered");
    house.wait(house.control.stop("chatty")).unwrap();
    let sizes = fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len());
    assert!(sizes.sum::<u64>() < 4 << 20);
}
