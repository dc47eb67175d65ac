//! Tests of `[profile.NAME]`.

use super::{load, problems, set, written};

const FILE: &str = r#"data = "data"
[site]
name = "Kad"
[mail]
per_minute = 7
[listen]
http = ["127.0.0.1:1"]
[service.web]
run = "sleep 1"
env = { MODE = "production", LEVEL = "1" }
[profile.development]
data = "tries"
mail.per_minute = 1
[profile.development.listen]
http = ["127.0.0.1:2"]
[profile.development.service.web]
env = { MODE = "development" }
[profile.stage.site]
name = "Stage"
"#;

#[test]
fn a_profile_is_laid_over_the_file_and_under_everything_else() {
    let (folder, mut asked) = written(FILE);
    let plain = load(&asked).expect("good");
    assert_eq!(plain.settings.data, folder.path().join("data"));
    asked.profile = Some("development".to_owned());
    let found = load(&asked).expect("good");
    assert_eq!(found.settings.data, folder.path().join("tries"));
    assert_eq!(found.settings.site.name, "Kad");
    assert_eq!(found.settings.listen.http[0].to_string(), "127.0.0.1:2");
    let web = &found.merged()["service"]["web"];
    assert_eq!(web["run"].as_str(), Some("sleep 1"));
    assert_eq!(web["env"]["MODE"].as_str(), Some("development"));
    assert_eq!(web["env"]["LEVEL"].as_str(), Some("1"));
    let report = found.report();
    let line = report.lines().find(|line| line.starts_with("per_minute"));
    let line = line.expect("a line");
    assert!(
        line.starts_with("per_minute = 1 ") && line.ends_with("kenduri.toml:13"),
        "{line}"
    );

    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    asked.environment = vec![variable("KENDURI_PROFILE", "stage")];
    assert_eq!(load(&asked).expect("good").settings.site.name, "Kad");
    asked.profile = None;
    assert_eq!(load(&asked).expect("good").settings.site.name, "Stage");
    asked.environment.push(variable("KENDURI_SITE_NAME", "Env"));
    assert_eq!(load(&asked).expect("good").settings.site.name, "Env");
    set(&mut asked, "site.name", "Flag");
    assert_eq!(load(&asked).expect("good").settings.site.name, "Flag");
    let (data, doubt) = crate::data(&[], &asked);
    assert_eq!((data, doubt.is_none()), (folder.path().join("data"), true));
    asked.profile = Some("development".to_owned());
    assert_eq!(crate::data(&[], &asked).0, folder.path().join("tries"));
}

#[test]
fn a_profile_that_is_not_there_or_is_wrong_is_told() {
    let (folder, mut asked) = written(FILE);
    asked.profile = Some("stag".to_owned());
    let told = problems(&folder, &asked);
    assert_eq!(
        told,
        "kenduri.toml:1: there is no [profile.stag]\n  there are development, stage"
    );
    let (folder, mut asked) = written("[profile.a]\nsite.nam = \"A\"\n[profile.b]\ndata = 1\n");
    for profile in [None, Some("a".to_owned())] {
        asked.profile = profile;
        let told = problems(&folder, &asked);
        assert!(
            told.contains("kenduri.toml:2: unknown key site.nam\n"),
            "{told}"
        );
        assert!(told.contains("kenduri.toml:4: data is wrong"), "{told}");
    }
    let (folder, asked) = written("[profile]\na = 1\n");
    let told = problems(&folder, &asked);
    assert!(told.contains(":2: a profile is a section"), "{told}");
    let (folder, asked) = written("[profile.a.profile.b]\n");
    let told = problems(&folder, &asked);
    assert!(told.contains("unknown key profile"), "{told}");
    let nowhere = super::Asked {
        profile: Some("a".to_owned()),
        ..super::Asked::default()
    };
    let told = load(&nowhere).expect_err("no file").to_string();
    assert!(told.contains("there is no settings file"), "{told}");
}
