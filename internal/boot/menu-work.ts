import type { BootMonitor } from "./control/monitor.ts";
import type { Picture } from "./control/png.ts";
import { addSerialConsole, type DrivenMachine, type MenuOutcome } from "./menu-drive.ts";
import { pictureOfMenu, showsMenu } from "./menu-picture.ts";

/** What happened at GRUB's menu, and a picture of it if it was visible. */
interface AttendedMenu {
  outcome: MenuOutcome;
  picture: Picture | undefined;
}

/**
 * Adds a serial console to GRUB's default entry if `argument` is the kernel argument for one, and takes a picture of
 * the menu. A menu that is left alone also runs into its timeout.
 */
export async function attendMenu(
  argument: string | undefined,
  options: Pick<DrivenMachine, "screen" | "phase" | "over"> & { monitor: BootMonitor },
): Promise<AttendedMenu> {
  const { monitor, ...machine } = options;
  const sleep = Bun.sleep;
  if (argument === undefined) {
    const screen = () => monitor.screen();
    return { outcome: { kind: "left-alone" }, picture: await pictureOfMenu({ ...machine, sleep, screen }) };
  }
  let picture: Picture | undefined;
  const onMenu = async () => {
    const shown = await monitor.screen();
    // On UEFI, GRUB's text terminal may be only on the serial line. The screen then has no mode.
    if (shown !== undefined && showsMenu(shown)) picture = shown;
  };
  const outcome = await addSerialConsole(
    { ...machine, sleep, onMenu, press: (chords) => monitor.press(chords) },
    argument,
  ).catch((error: Error) => ({ kind: "not-driven" as const, why: error.message }));
  return { outcome, picture };
}
