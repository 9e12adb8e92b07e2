//! Rosters, columns and templates together: what is proposed, and every fault by line and column.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use sanad_roster::{Columns, Place, Table, Template, propose, read_table};

const ROSTER: &str = "\
Daftar Peserta Kursus;;;;;;
Nomor Sertifikat;Nama Lengkap;NIM;E-mail;Tanggal Lulus;SKS;Nilai
UM/2026/001;Siti Nur'aini;0020260001;siti@univ-merapi.example;20/11/2026;3,5;A
UM/2026/002;Suharto;0020260002;;20 November 2026;3;B+
UM/2026/003;عبد الرحمن;0020260003;rahman@univ-merapi.example;2026-11-20;3;
";

fn table(text: &str) -> Table {
    read_table(text.as_bytes(), &Place::default()).unwrap()
}

#[test]
fn a_proposal_fits_its_roster() {
    let table = table(ROSTER);
    let issuer = Some(("did:web:univ-merapi.example", "Universitas Merapi"));
    let proposal = propose(&table, &Place::default(), issuer);
    let fields: Vec<&str> = proposal.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(fields, ["number", "name", "student_number", "email", "awarded", "credits", "grade"]);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let rows = columns.read_rows(&table).unwrap();
    assert_eq!((rows.learners.len(), rows.same_person.len()), (3, 0));
    assert_eq!(columns.award(&rows.learners[0]), ["UM/2026/001"]);
    assert_eq!(columns.name(&rows.learners[2]), "عبد الرحمن");
    // It says what people still have to write, and nothing else is wrong with it.
    let faults = Template::from_json(proposal.template_json.as_bytes(), &columns).unwrap_err();
    assert_eq!(faults.len(), proposal.to_write);
    assert!(faults.iter().all(|fault| fault.to_string().contains("is yet to be written")), "{faults:?}");
    let written = proposal.template_json.replace("TODO: ", "");
    let template = Template::from_json(written.as_bytes(), &columns).unwrap();
    let filled = template.fill(&rows.learners[1]);
    assert_eq!(filled["validFrom"], "2026-11-20T00:00:00+07:00");
    assert_eq!(filled["credentialSubject"]["identifier"].as_array().unwrap().len(), 2, "no e-mail");
    assert_eq!(filled["credentialSubject"]["creditsEarned"], 3);
}

#[test]
fn dates_with_the_month_first_are_found_out() {
    let proposal =
        propose(&table("Nama,NIM,Tanggal\nSiti,1,11/20/2026\nMade,2,01/02/2026\n"), &Place::default(), None);
    assert!(proposal.columns_toml.contains("date_order = \"month-day-year\""));
    assert!(Columns::from_toml(&proposal.columns_toml).is_ok());
}

#[test]
fn dates_that_could_be_two_days_are_said_once_for_each_column() {
    let said = |order: &str, dates: [&str; 4]| -> Vec<String> {
        let rows: Vec<String> =
            dates.iter().enumerate().map(|(row, date)| format!("{row},Siti {date},{date},A\n")).collect();
        let table = table(&format!("NIM,Nama,Tanggal Lulus,Nilai\n{}", rows.concat()));
        let columns = propose(&table, &Place::default(), None).columns_toml;
        let (before, after) = columns.split_once("date_order = \"").unwrap();
        let columns = format!("{before}date_order = \"{order}{}", &after[after.find('"').unwrap()..]);
        let rows = Columns::from_toml(&columns).unwrap().read_rows(&table).unwrap();
        rows.remarks.iter().map(ToString::to_string).collect()
    };
    let dates = ["20/11/2026", "03/04/2025", "2025-04-03", "1-2-2026"];
    let expected = "Tanggal Lulus: 2 dates could be read with the day or the month first, and are read as day/month/year: \
                    \"03/04/2025\" as 2025-04-03; if that is wrong, change date_order";
    assert_eq!(said("day-month-year", dates), [expected]);
    let expected = "Tanggal Lulus: 1 date could be read with the day or the month first, and is read as month/day/year: \
                    \"03/04/2025\" as 2025-03-04; if that is wrong, change date_order";
    let dates = ["11/20/2026", "03/04/2025", "04/04/2025", "3 April 2025"];
    assert_eq!(said("month-day-year", dates), [expected]);
    // The same day either way, or none at all in the other order.
    let none: [String; 0] = [];
    assert_eq!(said("day-month-year", ["13/04/2025", "03/03/2025", "2025/04/03", "3 April 2025"]), none);
}

#[test]
fn titles_of_any_kind_make_fields_or_none() {
    let header = "Nama,NIM,1st,\"a\"\"b\",日本,Nama,[x]\ny = 1,SKS,sks,\n";
    let proposal = propose(&table(&header.replace('\n', " ")), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    assert!(columns.fields().contains_key("column_1st"), "{}", proposal.columns_toml);
    assert_eq!(columns.fields()["a_b"].column, "a\"b");
}

#[test]
fn every_fault_is_named_by_line_and_column() {
    let proposal = propose(&table(ROSTER), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let said = |from: &str, to: &str| -> Vec<String> {
        let table = table(&ROSTER.replace(from, to));
        columns.read_rows(&table).unwrap_err().iter().map(ToString::to_string).collect()
    };
    let found = said(
        "Siti Nur'aini;0020260001;siti@univ-merapi.example;20/11/2026;3,5",
        "Siti\u{202e};;siti;31/02/2026;tiga",
    );
    let expected = [
        "3: SKS: \"tiga\": it is not a number such as 3 or 3.5",
        "3: Nama Lengkap: \"Siti\\u{202E}\": it has a character that is not allowed (U+202E): it cannot be seen, or turns text around",
        "3: NIM: it is empty",
        "3: E-mail: \"siti\": it is not an e-mail address such as siti@univ-merapi.example",
        "3: Tanggal Lulus: \"31/02/2026\": it is not a date (20/11/2026, or 2026-11-20)",
    ];
    for line in expected {
        assert!(found.iter().any(|fault| fault == line), "{line} is in {found:#?}");
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(
        said("UM/2026/003", "UM/2026/001"),
        ["5: Nomor Sertifikat: \"UM/2026/001\": line 3 has the same award"]
    );
    assert_eq!(
        said("UM/2026/003", "um/2026/001"),
        [
            "5: Nomor Sertifikat: \"um/2026/001\": line 3 has the same award but for capitals, spaces or how its accents are encoded"
        ]
    );
    assert_eq!(said("Tanggal Lulus", "Tgl"), ["2: Tanggal Lulus: the header has no such column"]);
    assert_eq!(
        said("NIM;", "SKS;"),
        ["2: SKS: the header has this column twice", "2: NIM: the header has no such column"]
    );
    let head: Vec<&str> = ROSTER.lines().take(2).collect();
    let empty = read_table(head.join("\n").as_bytes(), &Place::default()).unwrap();
    assert_eq!(columns.read_rows(&empty).unwrap_err()[0].to_string(), "2: there is no row below the header");
}

#[test]
fn the_same_person_twice_is_noticed() {
    let proposal = propose(&table(ROSTER), &Place::default(), None);
    let columns = Columns::from_toml(&proposal.columns_toml).unwrap();
    let rows = columns.read_rows(&table(&ROSTER.replace("0020260003", "0020260001"))).unwrap();
    assert_eq!(rows.same_person, [(3, 5)]);
    let by_name = Columns::from_toml(
        &proposal.columns_toml.replace("person = [\"student_number\"]", "person = [\"name\"]"),
    );
    let rows = by_name.unwrap().read_rows(&table(&ROSTER.replace("Suharto", "SITI  nur'Aini"))).unwrap();
    assert_eq!(rows.same_person, [(3, 4)], "case and spaces do not tell people apart");
    let by_name = Columns::from_toml(
        &proposal.columns_toml.replace("person = [\"student_number\"]", "person = [\"name\"]"),
    );
    let accents = ROSTER.replace("Suharto", "Andre\u{301}").replace("Siti Nur'aini", "ANDR\u{c9}");
    let rows = by_name.unwrap().read_rows(&table(&accents)).unwrap();
    assert_eq!(rows.same_person, [(3, 4)], "nor does the encoding of accents");
}

#[test]
fn columns_that_cannot_be_used_say_why() {
    let good =
        "format = 'sanad-columns/v1'\naward = ['number']\nfields.number = {column = 'No', kind = 'text'}\n";
    assert!(Columns::from_toml(good).is_ok());
    for (from, to, expected) in [
        ("/v1", "/v9", "\"sanad-columns/v1\" is expected"),
        ("['number']", "[]", "award is empty"),
        ("['number']", "['nim']", "award names \"nim\", which is not among the fields"),
        ("'text'}", "'text', optional = true}", "award names \"number\", which is optional"),
        ("fields.number", "fields.\"No 1\"", "is not a name for a field"),
        ("kind = 'text'", "kind = 'code'", "it is not a file of columns"),
        ("award =", "awards =", "it is not a file of columns"),
    ] {
        let refused = Columns::from_toml(&good.replace(from, to)).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}
