//! `feedctl audit-compose --fix` on the disk: what is written, and what is left as it was. What a change means to Compose is
//! compared in the tests of `feedctl-compose`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use feed_testkit::Feedctl;

use crate::audit_compose::{audit_in, project};

#[tokio::test]
async fn a_fix_is_shown_first_and_the_second_one_changes_nothing() {
    let folder = project("services:\n  archiver: # ours\n    image: app:1.4.2\n");
    let path = folder.path().join("compose.yaml");
    let before = fs::read_to_string(&path).expect("the file is there");
    let shown = audit_in(&folder, &["--fix", "--diff"]).await;
    assert!(shown.stdout.contains("\n+    restart: unless-stopped\n"), "{}", shown.stdout);
    assert_eq!(fs::read_to_string(&path).expect("the file is there"), before);

    let fixed = audit_in(&folder, &["--fix"]).await;
    assert_eq!((fixed.code, fixed.stderr.as_str()), (0, "changed compose.yaml\n"), "{}", fixed.stdout);
    let after = fs::read_to_string(&path).expect("the file is there");
    assert!(
        after.starts_with("services:\n  archiver: # ours\n    image: app:1.4.2\n    restart: unless-stopped\n"),
        "{after}"
    );
    let again = audit_in(&folder, &["--fix"]).await;
    assert_eq!(again.stderr, "nothing to change by a program\n");
    assert_eq!(fs::read_to_string(&path).expect("the file is there"), after);
}

#[tokio::test]
async fn a_fix_writes_over_no_variable_and_nothing_in_vain_and_stays_in_the_project() {
    let parent = project("");
    let folder = parent.path().join("feed");
    fs::create_dir(&folder).expect("the folder is writable");
    let texts = [
        (
            "feed/compose.yaml",
            "include: [../shared.yaml]\nservices:\n  archiver:\n    image: app:1.4.2\n    stop_grace_period: ${GRACE:-5s}\n",
        ),
        ("feed/compose.override.yaml", "services:\n  archiver:\n    restart: !reset null\n"),
        ("shared.yaml", "services:\n  redis:\n    image: redis:8\n"),
    ];
    for (name, text) in texts {
        fs::write(parent.path().join(name), text).expect("the folder is writable");
    }
    let read = |name: &str| fs::read_to_string(parent.path().join(name)).expect("the file is there");
    let fix = || async { Feedctl::new().folder(&folder).run(&["audit-compose", "--fix"]).await };
    assert_eq!(fix().await.stderr, "changed compose.yaml\n");
    let once = read("feed/compose.yaml");
    assert!(once.contains("    logging:\n") && once.contains("${GRACE:-5s}"), "{once}");
    assert!(!once.contains("restart:"), "the override would take it back: {once}");
    let again = fix().await;
    assert!(again.stdout.contains("restart-missing") && !again.stdout.contains("--fix does it"), "{again:?}");
    assert_eq!(read("feed/compose.yaml"), once);
    assert_eq!(read("shared.yaml"), texts[2].1);
}

#[tokio::test]
async fn services_that_share_a_definition_are_mended_at_once_and_for_good() {
    let triple = |n| {
        let own = format!("  g{n}:\n    image: x:1\n    restart: always\n");
        format!("  a{n}: &a{n}\n    image: x:1\n  b{n}: *a{n}\n{own}")
    };
    let folder = project(&format!("services:\n{}", (0..150).map(triple).collect::<String>()));
    let read = || fs::read_to_string(folder.path().join("compose.yaml")).expect("the file is there");
    assert_eq!(audit_in(&folder, &["--fix"]).await.stderr, "changed compose.yaml\n");
    let once = read();
    assert_eq!(once.matches("restart:").count(), 300, "one for each pair, and those that were there");
    assert_eq!(audit_in(&folder, &["--fix"]).await.stderr, "nothing to change by a program\n");
    assert_eq!(read(), once);
    let shown = audit_in(&folder, &["--fix", "--diff"]).await;
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("", "nothing to change by a program\n"));
}

#[tokio::test]
async fn a_fix_writes_all_files_or_none_and_keeps_owner_and_rights() {
    let folder = project("services:\n  archiver:\n    image: app:1.4.2\n");
    let path = |name: &str| folder.path().join(name);
    let over = "services:\n  collector:\n    image: app:1.4.2\n";
    fs::write(path("compose.override.yaml"), over).expect("the folder is writable");
    let rights = |name: &str, mode| {
        let set = fs::set_permissions(path(name), Permissions::from_mode(mode));
        set.expect("the file is ours");
    };
    rights("compose.override.yaml", 0o444);
    let before = fs::read_to_string(path("compose.yaml")).expect("the file is there");
    let refused = audit_in(&folder, &["--fix"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("compose.override.yaml is read-only: nothing was changed"), "{refused:?}");
    assert_eq!(fs::read_to_string(path("compose.yaml")).expect("the file is there"), before);

    rights("compose.override.yaml", 0o640);
    let own = fs::metadata(path("compose.yaml")).expect("the file is there").uid();
    // Root mends files of other people.
    let owner = if own == 0 { 1234 } else { own };
    chown(path("compose.override.yaml"), Some(owner), None).expect("ours, or we are root");
    let fixed = audit_in(&folder, &["--fix"]).await;
    assert_eq!(fixed.stderr, "changed compose.yaml\nchanged compose.override.yaml\n", "{fixed:?}");
    let metadata = fs::metadata(path("compose.override.yaml")).expect("the file is there");
    assert_eq!((metadata.uid(), metadata.mode() & 0o777), (owner, 0o640));
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is readable").count(), 2, "nothing lies beside them");
}
