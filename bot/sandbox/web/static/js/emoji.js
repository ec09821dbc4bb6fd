/** Emoji by their Slack names: those that bots use. Others are shown by their name, as Slack does with unknown ones. */

const BY_NAME = new Map(
  Object.entries({
    arrow_down: "⬇️", arrow_forward: "▶️", arrow_left: "⬅️", arrow_right: "➡️", arrow_up: "⬆️",
    arrows_counterclockwise: "🔄", ballot_box_with_check: "☑️", bar_chart: "📊", bell: "🔔", black_circle: "⚫",
    boom: "💥", bug: "🐛", bulb: "💡", calendar: "📆", chart_with_upwards_trend: "📈", checkered_flag: "🏁",
    clipboard: "📋", clock1: "🕐", clock3: "🕒", closed_lock_with_key: "🔐", construction: "🚧", cry: "😢", date: "📅",
    dart: "🎯", earth_americas: "🌎", electric_plug: "🔌", exclamation: "❗", eyes: "👀", file_cabinet: "🗄️",
    fire: "🔥", floppy_disk: "💾", gear: "⚙️", globe_with_meridians: "🌐", grey_question: "❔", hand: "✋",
    heart: "❤️", heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛",
    hourglass_flowing_sand: "⏳", house: "🏠", information_source: "ℹ️", key: "🔑", label: "🏷️",
    large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_red_circle: "🔴",
    large_yellow_circle: "🟡", link: "🔗", lock: "🔒", mag: "🔍", mag_right: "🔎", mailbox: "📫", memo: "📝",
    moneybag: "💰", no_bell: "🔕", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", ok: "🆗", ok_hand: "👌",
    outbox_tray: "📤", inbox_tray: "📥", package: "📦", page_facing_up: "📄", paperclip: "📎", pause_button: "⏸️",
    "double_vertical_bar": "⏸️", pencil: "📝", pencil2: "✏️", point_right: "👉", pushpin: "📌", question: "❓",
    raised_hand: "✋", recycle: "♻️", red_circle: "🔴", repeat: "🔁", robot_face: "🤖", rocket: "🚀",
    rotating_light: "🚨", seedling: "🌱", shield: "🛡️", slightly_smiling_face: "🙂", smile: "😄", snail: "🐌",
    sos: "🆘", sparkles: "✨", speech_balloon: "💬", star: "⭐", stop_sign: "🛑", stopwatch: "⏱️", tada: "🎉",
    thinking_face: "🤔", thumbsdown: "👎", "-1": "👎", thumbsup: "👍", "+1": "👍", timer_clock: "⏲️", truck: "🚚",
    turtle: "🐢", twisted_rightwards_arrows: "🔀", unlock: "🔓", warning: "⚠️", wastebasket: "🗑️", wave: "👋",
    white_check_mark: "✅", white_circle: "⚪", wrench: "🔧", x: "❌", zap: "⚡", zzz: "💤", bust_in_silhouette: "👤",
    busts_in_silhouette: "👥", crossed_swords: "⚔️", dvd: "📀", minidisc: "💽", cloud: "☁️", ship: "🚢", anchor: "⚓",
  }),
);

/** The emoji of this name, or the name between its colons. */
export function emoji(name) {
  return BY_NAME.get(name) ?? `:${name}:`;
}

/** A text with its emoji names replaced. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => BY_NAME.get(name) ?? whole);
}
