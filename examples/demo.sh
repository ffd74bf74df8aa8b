#!/usr/bin/env bash
# The story of the incident on a stack of its own: `make demo`. Installs and builds what is missing, starts
# docker-compose.yml with the simulator, and shows each command with its real output. Exits with 0 only if every step
# came out as it should, and leaves nothing behind; KEEP=1 keeps the stack.
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/parts
source .ci/toolchain

main() {
    .ci/setup
    echo "demo: building feedctl, collector, archiver and simulator: minutes the first time, then seconds"
    CARGO_TERM_QUIET=true .ci/images # its warnings and errors are shown all the same
    SECONDS=0
    # The only project that this script touches: `docker compose` without a name would be the real stack.
    project=feed-demo-$$
    folder=$(mktemp -d -t feed-demo.XXXXXX)
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    describe_stack >"$folder/env"
    set -a
    source "$folder/env"
    set +a
    .ci/secrets "$FEED_SECRETS"

    start
    healthy
    incident
    healed
    every_tick_once
}

# The variables by which docker compose and feedctl find this stack, and no other, as lines for a shell.
describe_stack() {
    cat examples/demo.env
    assign COMPOSE_PROJECT_NAME "$project"
    assign COMPOSE_FILE "$PWD/docker-compose.yml"
    assign COMPOSE_DISABLE_ENV_FILE "1" # a .env beside it is about the real stack
    assign FEED_SECRETS "$folder/secrets"
    assign FEED_COLLECTOR_PORT "$(free_port 9101)"
    assign FEED_ARCHIVER_PORT "$(free_port 9102)"
    assign FEED_REDIS_PORT "$(free_port 6379)"
    assign FEED_DATABASE_PORT "$(free_port 5432)"
    assign FEED_SIMULATOR_PORT "$(free_port 21000)"
    assign FEEDCTL_CONFIG "$PWD/examples/feedctl.yml"
    assign PATH "$(realpath "$(dirname "$(binary feedctl)")"):$PATH"
}

# assign NAME VALUE: as a line that a shell reads back, whatever the value holds.
assign() {
    printf '%s=%q\n' "$1" "$2"
}

# free_port WISH: it, or the same plus some ten thousands where something listens there already.
free_port() {
    local port=$1
    while (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 10000))
    done
    echo "$port"
}

start() {
    step "A feed of 50 ticks a second: collector, Redis, archiver, TimescaleDB; a fifth container plays the broker"
    expect 0 docker compose up --detach --wait --wait-timeout 120
    feedctl verify --within 60s >/dev/null 2>&1 || true # until ticks have gone all the way; what is wrong is shown next
}

healthy() {
    step "1. After a deploy: does data flow, and would every container come back by itself?"
    expect 0 feedctl verify
}

incident() {
    local before report
    step "2. The incident: a deploy loses the archiver's restart policy, then the archiver dies"
    expect 0 docker compose -f docker-compose.yml -f examples/demo-incident.yml up --detach archiver
    expect 0 docker compose kill archiver
    before=$(sent_ticks)
    within 30 sent_more_than $((before + 500)) || give_up "the simulator has stopped sending"
    printf '\nThe broker goes on: 500 ticks later.\n'
    expect 1 feedctl verify
    report=$(feedctl verify) || true # the same again, to be read
    [[ ${report%%$'\n'*} == FAIL*archiver*'"no"'* ]] ||
        give_up "the first line does not name the archiver and its policy"
    remedy=$(sed -n 's/^ do  *//p' <<<"$report")
    [[ $remedy == *"archiver && feedctl verify"* ]] ||
        give_up "feedctl gives no command that brings the archiver back and looks again" "$report"
}

healed() {
    step "3. The archiver comes back, by the command that feedctl gave"
    expect 0 "$remedy"
}

every_tick_once() {
    local mute=(curl -fsS -X POST "http://127.0.0.1:$FEED_SIMULATOR_PORT/control/mute") sent
    step "Was anything lost or doubled? The broker falls silent; what it sent is compared with the table"
    printf '\n$ %s\n' "${mute[*]}"
    sent=$("${mute[@]}")
    within 30 table_has "$(ticks_of "$sent")" || true # what is missing is shown next
    query --variable sent="$sent" <<'SQL' | tee "$folder/account"
SELECT symbol, sent.ticks AS "ticks sent", stored.ticks AS "ticks in the table",
       sent.volume AS "shares sent", stored.volume AS "shares in the table",
       CASE WHEN (sent.ticks, sent.volume) = (stored.ticks, stored.volume) THEN 'yes' ELSE 'NO' END AS "each exactly once"
FROM (SELECT split_part(key, ':', 2) AS symbol, (value ->> 'ticks')::bigint AS ticks, (value ->> 'volume')::numeric AS volume
      FROM jsonb_each(:'sent'::jsonb -> 'by_key')) AS sent
FULL JOIN (SELECT symbol, count(*) AS ticks, sum(volume) AS volume FROM market_ticks GROUP BY symbol) AS stored USING (symbol)
ORDER BY symbol;
SQL
    grep -q yes "$folder/account" || give_up "nothing was sent"
    if grep -q NO "$folder/account"; then give_up "the table is not what was sent"; fi
}

sent_ticks() {
    ticks_of "$(curl -fsS "http://127.0.0.1:$FEED_SIMULATOR_PORT/control/sent")"
}

# The total is the last number of the simulator's answer.
ticks_of() {
    [[ $1 =~ \"ticks\":([0-9]+)\}$ ]] && echo "${BASH_REMATCH[1]}"
}

sent_more_than() {
    (($(sent_ticks) > $1))
}

table_has() {
    (($(query --tuples-only --no-align --command 'SELECT count(*) FROM market_ticks') == $1))
}

query() {
    docker compose exec -T timescaledb psql --username feed --dbname feed --no-psqlrc --quiet -v ON_ERROR_STOP=1 "$@"
}

step() {
    printf '\n── %s\n' "$*"
}

# expect CODE LINE…: shows the line as a user would type it, runs exactly that, and gives up on another exit code. Only
# then is of interest what it says on stderr, Compose's progress above all.
expect() {
    local code=0
    printf '\n$ %s\n' "${*:2}"
    eval "${*:2}" 2>"$folder/stderr" || code=$?
    ((code == $1)) || give_up "expected exit $1, not $code" "$(<"$folder/stderr")"
}

# within SECONDS COMMAND…: looks five times a second until it succeeds.
within() {
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

clean_up() {
    local code=$?
    trap - EXIT
    if ((code == 0)); then
        step "Every step came out as it should, in $SECONDS s"
    else
        step "The demo failed; the last lines of each service:"
        docker compose --project-name "$project" logs --no-color --tail 15 || true
    fi
    if [[ ${KEEP:-} == 1 ]]; then
        echo "The stack is kept. Look around:  set -a; . $folder/env; set +a; docker compose ps; feedctl verify"
        echo "Remove it:                       make clean-up"
    else
        docker compose --project-name "$project" --progress quiet down --volumes --timeout 5 || true
        rm -rf "$folder"
    fi
    exit "$code"
}

main
