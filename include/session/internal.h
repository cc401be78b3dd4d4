/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * internal.h - the inside of a session, for session/ alone (the worker needs
 * its size, so it is a header).
 *
 *              client                                     backend
 *   socket -> in -> engine -> plain ==judged==> out -> socket
 *   socket <- out <- engine <==judged== plain <- socket
 *
 * in: unfinished TLS records. plain: what was received, decrypted, with the
 * three marks. out: this step's bytes on their way to the edge, which takes
 * them all. What outlives a step is small and comes from the pool.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include "audit/event.h"
#include "base/buf.h"
#include "imap/dialog.h"
#include "imap/sasl.h"
#include "session/defence.h"
#include "session/flood.h"
#include "session/greeter.h"
#include "tls/cause.h"
#include "tls/engine.h"
#include "tls/hello.h"

enum state {
	STATE_ADMIT, /* a TLS handshake is to begin */
	STATE_HELLO,
	STATE_CLEAR,
	STATE_TLS,
	STATE_GATE,
	STATE_JUDGE,
	STATE_CONNECT,
	STATE_LOGIN,
	STATE_RELAY,
	STATE_DRAIN,
	STATE_DEAD,
	STATES
};

/* One side of a session. */
struct leg {
	struct engine *tls; /* NULL: plain */
	struct buf in, plain, out;
	size_t waiting;               /* bytes the edge still holds */
	uint64_t moved_at;            /* when they last became fewer */
	uint64_t written;             /* bytes given to the edge */
	uint64_t taken;               /* of them, by the peer, at moved_at */
	uint64_t bytes_in, bytes_out; /* of IMAP, TLS taken off */
	bool open;                    /* the edge has a socket for it */
	bool encrypted;               /* received bytes are TLS records */
	bool ended;                   /* the peer will send nothing more */
	bool lost;                    /* broken: neither direction works */
	bool finished;                /* we said that we send nothing more */
	enum err cause;               /* of lost */
};

/* What GATE and CLEAR remember of the command they collect. */
struct gate {
	struct scan scan;
	uint32_t seen;    /* bytes of the command the scanner has passed */
	uint32_t line_at; /* where its current line begins */
	uint64_t
	    literal;   /* bytes of a literal not collected (or dropped) yet */
	bool within;   /* a literal is being collected or dropped */
	bool dropping; /* the command is refused and its rest dropped */
	bool asking;   /* a SASL line is awaited, not a command */
	unsigned char refusal; /* enum reply, said when it has gone by */
	unsigned char tag_len;
	unsigned char tag[TAG_MAX]; /* of the refused command */
};

enum { ATTEMPT_PIECES = 4, ATTEMPT_TAG = 17 };

/* One backend that is asked; nothing of it counts for the next. */
struct trial {
	const char *code; /* registered, "other", or NULL */
	bool oauth_asked; /* its error went to the client, whose reply is due */
	bool oauth_answered;
	bool listing; /* our own CAPABILITY after login is under way */
	bool accepted;
	bool within;      /* a response: its literal is dropped */
	uint64_t skip;    /* bytes of that literal still to come */
	size_t words_len; /* capability list that came with the login */
	char words[2048];
	char tag[ATTEMPT_TAG]; /* our own */
	struct greeter greeter;
};

/* One attempt to log in; lives from the command to the verdict, then wiped. */
struct attempt {
	bool login_command; /* LOGIN, not AUTHENTICATE */
	bool half;          /* LOGIN mechanism: the user is known */
	enum mechanism mechanism;
	enum reply verdict; /* REPLY_COUNT: none yet */
	unsigned char tag_len;
	unsigned char tag[TAG_MAX];
	struct sasl_identity identity; /* within message */
	struct slice
	    name; /* the user, as it is known to people; within message */
	unsigned char *message; /* decoded credentials; own memory, wiped */
	size_t message_cap, message_len;
	unsigned char *script; /* what goes to the backend; own memory, wiped */
	size_t script_cap;
	size_t pieces[ATTEMPT_PIECES + 1]; /* script[pieces[i]..pieces[i+1])
					      waits for "+" number i */
	unsigned pieces_count, pieces_sent;
	uint64_t began;     /* monotonic ms */
	uint64_t answer_at; /* not before */
	const char *reason;
	size_t backend;               /* index */
	size_t tried;                 /* how many backends were asked in vain */
	struct address peer;          /* of the backend, once connected */
	struct tally_attempt slot;    /* open from the judge to the verdict */
	const char *rule, *by;        /* that decided, or NULL */
	char ban[BAN_REASON_MAX + 1]; /* rule may point here */
	uint64_t wait;                /* ms, that a refusal names */
	uint32_t after_failures;      /* see struct tally_news */
	bool known, first, first_family;
	bool refused;       /* by us, no backend was asked */
	bool held;          /* it waits for a rule to have room */
	bool closing;       /* the connection ends with it */
	bool judged;        /* counted as an attempt */
	bool reported;      /* its event was written */
	bool asked;         /* some backend was */
	bool dialing;       /* connect was asked for */
	bool connected;     /* ... and answered */
	bool greeting;      /* the greeting's deadline runs */
	bool sent;          /* credentials have left the gate */
	struct trial trial; /* of the backend at hand */
};

struct session {
	struct workspace *work;
	struct policy *policy;
	struct store *store;      /* until TLS has begun */
	uint32_t pair;            /* chosen, number in the store */
	unsigned char tls_policy; /* of this client, place in the settings */
	uint64_t now, wall;       /* of the step in hand */
	uint64_t began;           /* monotonic ms */
	uint32_t shook;           /* ms that its handshake took */
	uint64_t deadline;        /* of the state; UINT64_MAX none */
	uint64_t alarm;           /* what the edge was told last */
	uint64_t gate_left;  /* ms that GATE may still take, once it was left */
	uint64_t drain_at;   /* UINT64_MAX: not draining */
	unsigned char state; /* session_enter alone writes it */
	unsigned char bye;   /* enum reply to end with; REPLY_COUNT none */
	bool moved;          /* the step in hand did something */
	bool draining;
	bool starttls;  /* began in clear */
	bool plaintext; /* may log in without TLS */
	bool authenticated;
	bool greeted; /* a valid command was seen */
	bool secret;  /* credentials may stand in scratch memory */
	bool stray_noted;
	bool weighed; /* is it told one by one? */
	bool counted; /* no: as one of many, see flood.h */
	bool owed;    /* its handshake was not told yet, nor need it be */
	bool halved;  /* the client ended; the backend may finish */
	bool greeting_due;
	bool turned; /* it has its turn, and the step is not made yet */
	bool idling; /* in IDLE */
	unsigned char family; /* enum family, of its TLS */
	unsigned char signal; /* enum tls_signal: how it left without TLS ... */
	unsigned char stage;  /* enum tls_stage */
	bool told;            /* ... and an event has said so */
	short own_alert;      /* not the library's; 0: none */
	struct session_peer peer;
	struct event_context who;
	struct leg legs[SIDES];
	unsigned commands;   /* before login */
	uint32_t forbidding; /* rules on commands that hold for it, a bit each
			      */
	unsigned attempts, failures;
	uint64_t gate_bytes;    /* before login */
	const char *why;        /* it ended */
	const char *last_state; /* the state that ended */
	size_t backend;         /* index, once authenticated */
	char *user;             /* accepted; own memory */
	struct share *share;    /* of this user, once accepted; see shares.h */
	char *sni;              /* own memory, NULL when there was none */
	char *agent;            /* own memory; see agent.c */
	struct meter *meter;    /* own memory; see meter.c; NULL: no rules */
	struct diary *diary;    /* own memory; see diary.c */
	uint64_t idle_since, idle_ms; /* of IDLE: since when, and before */
	struct witness *witness;      /* until the first valid command */
	struct attempt *attempt;
	union {
		struct gate gate;     /* before login */
		struct dialog dialog; /* after */
	} in;
};

/* workspace: see session.h */
struct workspace {
	const struct edge_ops *ops;
	struct defence *defence;
	struct pool *pool;
	struct contexts *contexts;
	unsigned char seed[HASH_KEY];
	uint64_t drawn;               /* how many numbers were */
	size_t read_used, plain_used; /* how much of them the step wrote */
	unsigned char *read, *plain, *out[SIDES];
	struct event event; /* one at a time */
	struct flood flood;
};

enum {
	WORKSPACE_READ = 128 * 1024,
	CLIENT_READ = 64 * 1024, /* strangers shall not make us hold more */
	HIGH_WATER =
	    64 * 1024, /* unsent bytes of one side: stop reading the other */
	PLAIN_MOST =
	    64 * 1024,       /* unjudged bytes of one side: stop reading it */
	WAIT_MOST = 8 * 1024 /* the same while the gate asks a backend */
};

/* states[]: each returns the next state, itself to stay. */
enum state gate_clear(struct session *s);
enum state gate_admit(struct session *s);
enum state gate_hello(struct session *s);
enum state gate_tls(struct session *s);
enum state gate_command(struct session *s);
enum state login_judge(struct session *s);
enum state upstream_connect(struct session *s);
enum state login_replay(struct session *s);
enum state relay_stream(struct session *s);

/* session.c */
void session_say(struct session *s, enum reply r, struct slice tag);
void session_send(struct session *s, enum side side, struct slice bytes);
/* Ends the session: reply REPLY_COUNT says nothing. Returns STATE_DRAIN. */
enum state session_end(struct session *s, enum reply bye, const char *why);
const struct settings *session_settings(const struct session *s);
/* How many bytes of the client may wait unjudged in this state. */
size_t session_unjudged(const struct session *s);

/* What the client hears when the state took too long. */
enum reply session_late_reply(const struct session *s);

/* late.c: what time and the edges decide. Returns the state it leads to. */
enum state late_run(struct session *s);
/* A verdict that is on its way is awaited, whatever the client does: who could
 * end that before a slow backend says no would guess without being counted. */
bool session_verdict_due(const struct session *s);

/* flow.c */
/* Has a peer taken none of the bytes that wait for it, for too long? */
bool flow_stalled(struct session *s);
/* The step is over: out -> edge, who is read, when to be stepped. */
void flow_settle(struct session *s);

/* gatehouse.c */
struct buf *gate_input(struct session *s);
bool gate_may_login(const struct session *s); /* on this leg as it is */
bool gate_over_budget(const struct session *s);
enum state gate_too_long(struct session *s);
enum state gate_framing_lost(struct session *s, const char *why);
void gate_reset(struct session *s);
/* Every command counts, answered or refused. Returns STATE_DRAIN if too many.
 */
enum state gate_count(struct session *s);
enum state
gate_home(const struct session *s); /* where a refused login goes on */

/* answers.c */
void gate_greet(struct session *s);
/* A whole command, to its CRLF. */
enum state gate_execute(struct session *s, struct slice whole,
			enum phase phase);

/* exchange.c */
enum state gate_authenticate(struct session *s, const struct command *c);
enum state gate_answer(struct session *s); /* a line that answers a challenge */

/* script.c; REPLY_NONE: written, else what the client must hear instead */
enum reply script_write(struct attempt *a, unsigned flags);
void script_forget(struct attempt *a);

/* stream.c */
/* A number nobody can guess, another one each time. */
uint64_t workspace_draw(struct workspace *w);
void leg_received(struct session *s, enum side side, size_t n);
/* Takes in what has arrived meanwhile, without waiting for the edge. */
void leg_look(struct session *s, enum side side);
/* Decrypts until `most` bytes wait unjudged; notes the end and breakage. */
void leg_decrypt(struct session *s, enum side side, size_t most);
struct buf *leg_out(struct session *s, enum side side);
void leg_flush(struct session *s, enum side side);
void leg_clear(struct session *s, enum side side);

/* upstream.c: closes the backend's leg, so that another one may be tried. */
void upstream_close(struct session *s);
/* This backend cannot serve the attempt: the next one, or the verdict. */
enum state upstream_failed(struct session *s, const char *reason);

/* attempt.c */
/* room: bytes of message to begin with. NULL: out of memory. */
struct attempt *attempt_new(struct session *s, struct slice tag, size_t room);
/* Makes message at least n bytes long; what is in it stays. */
bool attempt_room(struct attempt *a, size_t n);
void attempt_free(struct session *s);
/* Whom it is counted for: the name without spaces around it, which some servers
 * do not see. Empty: the token alone knows. */
struct slice attempt_user(const struct attempt *a);
/* It could not be read: said at once, and the gate goes on. */
enum state attempt_refuse(struct session *s, enum reply r);
/* A login was tried in clear, and refused unread: told all the same. */
void attempt_note_clear(struct session *s);
/* The verdict for the client; the time of the answer is decided here. */
enum state attempt_fail(struct session *s, enum reply verdict,
			const char *reason);

/* judge.c */
/* Closes the attempt's slot, if it is open. */
void judge_end(struct session *s, enum tally_outcome outcome);
/* It failed, but not certainly for a wrong password. */
void judge_unclear(struct session *s);

/* witness.c: a client that does not stay, and why; see tls/cause.h */
/* The hello by which the store was chosen. */
void witness_hello(struct session *s, const struct hello *h);
void witness_established(struct session *s);
/* A valid command came, or all is over: what was kept is forgotten. */
void witness_forget(struct session *s);
/* TLS has ended without success; the first word counts. */
void witness_note(struct session *s, enum tls_signal signal);
/* The session ends: a client that said nothing has left its traces. */
void witness_end(struct session *s);
/* Who it is, and what was noted. */
void witness_who(const struct session *s, struct event *e);
void witness_tell(struct session *s, struct event *e);

/* agent.c: what the client says it is */
enum agent_field {
	AGENT_NAME,
	AGENT_VERSION,
	AGENT_OS,
	AGENT_OS_VERSION,
	AGENT_VENDOR,
	AGENT_FIELDS
};

/* The arguments of an ID command; errors are command_id's. */
enum err agent_read(struct session *s, struct slice args);
void agent_forget(struct session *s);
/* Name and version; all there is. */
void agent_tell_short(const struct session *s, struct event *e);
void agent_tell(const struct session *s, struct event *e);

/* diary.c: what is told when a session ends that had logged in */
/* watch, bytes: of a move, on their way to the backend. */
void diary_watch(struct session *s, unsigned watch, struct slice bytes);
/* The oldest SELECT or EXAMINE not answered yet is. */
void diary_opened(struct session *s, bool agreed);
/* A rule has refused or delayed something; name: the settings'. Returns how
 * often it did so; UINT32_MAX: too many rules to count. */
unsigned diary_rule(struct session *s, const char *name);
void diary_tell(const struct session *s, struct event *e);
void diary_free(struct session *s);

/* permit.c: what may not be said after the login in hand. The dialog and the
 * backend's number are new. */
void permit_begin(struct session *s);

/*
 * meter.c: commands and bytes after login, counted by the rules of the limits.
 * What is over a limit waits; nothing is refused, and nothing is lost.
 */
void meter_begin(struct session *s); /* it has logged in */
void meter_free(struct session *s);
/* What has happened since the last time. */
void meter_commands(struct session *s);
void meter_bytes(struct session *s);
/* Must this side's bytes wait? Of the client's those of a command that has
 * begun need not, if it is for commands that there were too many. */
bool meter_holds(const struct session *s, enum side side);
/* When some of this ends; UINT64_MAX: there is nothing to wait for. */
uint64_t meter_release(const struct session *s);
/* The same, or now: from when on silence is the peers' own. */
uint64_t meter_until(const struct session *s);

/* report.c: one event each */
void report_tls(struct session *s); /* established */
/* There will be none. NONE, NULL: what happened can be seen in the session. */
void report_no_tls(struct session *s, enum tls_signal signal,
		   const char *reason);
/* Accepted if the session is authenticated; verdict REPLY_COUNT: none was
 * reached. */
void report_login(struct session *s, enum reply verdict, const char *reason);
/* A rule has held it up, or would have if it did not observe. */
void report_limit(struct session *s, const struct rule *r, bool observed);
/* A ban that this session has brought about has begun. */
void report_ban(struct session *s, const struct ban *b);
/* A rule on commands has refused one; both are the settings' or constants. */
void report_policy(struct session *s, const char *rule, const char *verb);
void report_violation(struct session *s, enum side side, const char *reason);
void report_backend(struct session *s, const struct backend_settings *b,
		    bool usable, const char *reason);
void report_connection(struct session *s);

#endif
