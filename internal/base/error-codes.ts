import type { ErrorKind } from "./exit-codes.ts";

/** The texts of an error code. The message and the hint of a single error are more specific. */
export interface ErrorText {
  /** Kinds of the errors with this code, which decide the exit code. Empty for a bug in platter. */
  kinds: readonly ErrorKind[];
  /** A short description of the error. */
  title: string;
  /** One sentence about the fix. */
  fix: string;
}

/**
 * All errors that platter can end with, by their stable codes. The error of a single finding has the finding's code.
 */
export const ERRORS = {
  // The command line and the environment
  E_ADD: {
    kinds: ["usage"],
    title: "a file or folder of --add cannot be put onto the ISO",
    fix: "Write `--add FILE=/PATH` with a file or folder, and a free path on the ISO.",
  },
  E_ARCHITECTURE: {
    kinds: ["usage"],
    title: "platter does not support the architecture",
    fix: "Choose one of the architectures that the message names.",
  },
  E_BOOT_WAY: {
    kinds: ["usage"],
    title: "machines of this architecture do not have BIOS, or KVM does not run them here",
    fix: "Choose `--firmware uefi` or `secure-boot`, or leave --accel out.",
  },
  E_CACHE_SIZE: {
    kinds: ["usage"],
    title: "the limit of the cache is not a number of bytes",
    fix: "Give a number of bytes with K, M, G or T, such as 10G.",
  },
  E_EXPLAIN: {
    kinds: ["usage"],
    title: "`explain` does not know the code",
    fix: "Take the code from the output of platter, such as `F_KERNEL_UNSIGNED` or `E_NO_SPACE`.",
  },
  E_COMPRESSION: {
    kinds: ["usage"],
    title: "the value of --compression is not a preset or a compressor with its options",
    fix: "Choose a preset such as `small`, or a compressor such as `zstd:19`.",
  },
  E_DURATION: {
    kinds: ["usage"],
    title: "a value is not a time above 0",
    fix: "Give seconds such as 300, or a number with a unit such as 5m.",
  },
  E_EMPTY_PATH: {
    kinds: ["usage"],
    title: "an option for a path has an empty value",
    fix: "Give a path, or leave the option out.",
  },
  E_ENVIRONMENT: {
    kinds: ["usage"],
    title: "a variable of the environment would change the runtime inside platter",
    fix: "Unset the variable, for example with `env -u NAME platter …`.",
  },
  E_USAGE: {
    kinds: ["usage"],
    title: "the command line has an unknown command or option, or a value is missing or wrong",
    fix: "Read the options of the command with `platter help COMMAND`.",
  },
  E_SCHEMA: {
    kinds: ["usage"],
    title: "`schema` does not know the document",
    fix: "List the documents with `platter schema`.",
  },
  E_EPOCH: {
    kinds: ["usage"],
    title: "SOURCE_DATE_EPOCH is not a number of seconds",
    fix: "Set it to a number such as `$(date +%s)`, or unset it.",
  },
  E_EXCLUDE: {
    kinds: ["usage"],
    title: "a pattern of --exclude is not valid",
    fix: "Write a pattern from the root of the image on, such as `var/cache/*`.",
  },
  E_HELP_TOPIC: {
    kinds: ["usage"],
    title: "platter does not have the command whose help was asked for",
    fix: "List the commands with `platter help`.",
  },
  E_IGNORE: {
    kinds: ["usage"],
    title: "--ignore names an unknown finding, or an error",
    fix: "Take the code of a warning or a note from the output of `platter inspect`.",
  },
  E_KARG: {
    kinds: ["usage"],
    title: "a kernel argument of --karg is not valid",
    fix: "Give an argument such as `console=ttyS0`, or `-quiet` to remove one.",
  },
  E_LABEL: {
    kinds: ["usage"],
    title: "the value of --label cannot be the label of an ISO",
    fix: "Use 1 to 32 letters, digits, `_`, `-` and `.`, and begin with a letter or a digit.",
  },
  E_NO_BIOS: {
    kinds: ["usage"],
    title: "a stage for BIOS boot cannot run for a UEFI-only ISO",
    fix: "Leave --no-bios out, or skip this stage.",
  },
  E_NO_IMAGE: {
    kinds: ["usage"],
    title: "no image given, and the work directory does not have a plan",
    fix: "Name an image, or a --work directory that `platter inspect` filled.",
  },
  E_NO_WORK: {
    kinds: ["usage"],
    title: "--from or --to without a folder that keeps the results",
    fix: "Name a folder with --work.",
  },
  E_MEMORY: {
    kinds: ["usage"],
    title: "the memory of the machine is not a size, or too small",
    fix: "Give MiB such as 2048, or a number with a unit such as 2G.",
  },
  E_IMAGE_TYPE: {
    kinds: ["usage"],
    title: "platter does not make images of this type",
    fix: "Leave --type out: platter makes only ISOs.",
  },
  E_NUMBER: {
    kinds: ["usage"],
    title: "a value is not a whole number above 0",
    fix: "Give a number such as 2.",
  },
  E_OVERLAY: {
    kinds: ["usage"],
    title: "a file of --overlay cannot be put over the image",
    fix: "Give the file the path that it has in the image. A file cannot replace a folder, nor a folder a file.",
  },
  E_OPTION_UNUSED: {
    kinds: ["usage"],
    title: "this run would ignore an option or an argument",
    fix: "Leave it out, or run the command that uses it.",
  },
  E_PATTERN: {
    kinds: ["usage"],
    title: "the value of --until is not a regular expression",
    fix: "Give a pattern such as `--until 'login:'`.",
  },
  E_PAYLOAD_NAME: {
    kinds: ["usage"],
    title: "a payload gets a name that an image cannot have",
    fix: "Write `REFERENCE=NAME` with a name such as `quay.io/example/os:latest`.",
  },
  E_PLAN: {
    kinds: ["usage"],
    title: "the plan is not valid, or is from another version of platter",
    fix: "Make it again with `platter inspect IMAGE --work DIR`.",
  },
  E_PODMAN_UNSHARE: {
    kinds: ["usage"],
    title: "an ordinary user's storage is readable only in podman's user namespace",
    fix: "Run platter under `podman unshare`.",
  },
  E_REFERENCE: {
    kinds: ["usage"],
    title: "the image reference is not valid",
    fix: "Name an image in containers-storage, a path, or a transport such as `oci:DIR`.",
  },
  E_REFERENCE_KIND: {
    kinds: ["usage"],
    title: "the file or folder is not an image of this transport",
    fix: "Name an image, or write its transport before the path.",
  },
  E_REQUIRE: {
    kinds: ["usage"],
    title: "--require names something that is not a way to boot",
    fix: "Write any of bios, uefi, secure-boot, separated by commas.",
  },
  E_STAGE_ORDER: {
    kinds: ["usage"],
    title: "the stage of --from comes after the stage of --to",
    fix: "Choose the stages in the order in which they run.",
  },

  // Outputs and the work directory
  E_CACHE: {
    kinds: ["machine", "usage"],
    title: "the cache cannot be read or written, or is not named",
    fix: "Name another folder with --cache, or leave it out.",
  },
  E_IMAGE_CHANGED: {
    kinds: ["usage"],
    title: "the image changed after its plan was made",
    fix: "Run `platter inspect` again, and the stages after it.",
  },
  E_OUTPUT: {
    kinds: ["usage", "machine"],
    title: "no output file is given, or it cannot be written",
    fix: "Name a file in a folder that you may write to.",
  },
  E_OUTPUT_LOCKED: {
    kinds: ["usage"],
    title: "another run is writing the same output",
    fix: "Wait for that process to end, or name another output.",
  },
  E_PAYLOAD_CHANGED: {
    kinds: ["usage"],
    title: "the payload changed after the plan was made",
    fix: "Run `platter inspect` again, and the stages after it.",
  },
  E_PIECE_CHANGED: {
    kinds: ["usage", "machine"],
    title: "files in the work directory are not those that `inspect` wrote",
    fix: "Run `platter inspect` again, and the stages after it.",
  },
  E_SAME_FILE: {
    kinds: ["usage"],
    title: "an output is also an input or another output, or is inside of one",
    fix: "Name another path for the output.",
  },
  E_STAGE_CHANGED: {
    kinds: ["usage"],
    title: "a file in the work directory changed after a stage wrote it",
    fix: "Run that stage again.",
  },
  E_STAGE_MISSING: {
    kinds: ["usage"],
    title: "an earlier stage has not run in the work directory",
    fix: "First run the stage that the hint names.",
  },
  E_WORK: {
    kinds: ["machine"],
    title: "the work directory cannot be read or written",
    fix: "Name another folder with --work, or run `platter inspect` again.",
  },
  E_WORK_FOREIGN: {
    kinds: ["usage"],
    title: "the work directory has files that platter did not make and would replace",
    fix: "Name a new or an empty folder with --work.",
  },
  E_WORK_LOCKED: {
    kinds: ["usage"],
    title: "another run uses the work directory",
    fix: "Wait for that process to end, or name another folder with --work.",
  },

  // The image
  E_CONTRACT: {
    kinds: ["contract", "usage"],
    title: "several findings count as errors",
    fix: "Correct each of the findings that the error lists.",
  },
  E_BASE_IMAGE: {
    kinds: ["usage"],
    title: "the `FROM` line of a Containerfile cannot name the image",
    fix: "Put the image into podman's storage, and use its name there.",
  },
  E_BLOB_CORRUPT: {
    kinds: ["contract"],
    title: "a compressed layer or archive is damaged",
    fix: "Fetch or write the image again.",
  },
  E_BLOB_DIGEST: {
    kinds: ["contract"],
    title: "a part of the image does not have the digest that the image names",
    fix: "Fetch or write the image again.",
  },
  E_BLOB_EXPANSION: {
    kinds: ["contract"],
    title: "a layer or archive decompresses to too many times its own size",
    fix: "Store it uncompressed if its size is right: an uncompressed archive or layer has no limit.",
  },
  E_BLOB_MISSING: {
    kinds: ["contract"],
    title: "a part of the image is missing",
    fix: "Copy the image again, with all its blobs.",
  },
  E_BLOB_TOO_LARGE: {
    kinds: ["contract"],
    title: "an index, manifest or configuration is too large",
    fix: "Copy the image again with skopeo: it writes OCI manifests.",
  },
  E_BOOT_PROGRAM: {
    kinds: ["contract"],
    title: "a boot program from the image is too short",
    fix: "Install the package of GRUB's modules in the image again, or pass --no-bios.",
  },
  E_COMPRESSION_UNKNOWN: {
    kinds: ["contract"],
    title: "platter cannot read the compression of a layer or archive",
    fix: "Compress it with gzip or zstd, or not at all.",
  },
  E_COMPRESSION_WINDOW: {
    kinds: ["contract"],
    title: "a layer or archive was compressed with a window of more than 128 MiB",
    fix: "Compress it again without `--long`.",
  },
  E_DIRECTORY: {
    kinds: ["contract", "machine"],
    title: "the folder of the image is not a folder, or cannot be opened",
    fix: "Name the root folder of an operating system.",
  },
  E_DIRECTORY_READ: {
    kinds: ["machine"],
    title: "a file or folder of the image cannot be read",
    fix: "Run platter as a user who can read the whole folder, such as root.",
  },
  E_EROFS_KERNEL: {
    kinds: ["contract"],
    title: "the image's kernel is too old for this erofs",
    fix: "Choose another compression, or leave out `--rootfs erofs`.",
  },
  E_EFI_DIR: {
    kinds: ["usage", "machine"],
    title: "the folder for an EFI system partition cannot be used",
    fix: "Name the root folder of the partition, the one with `EFI` in it.",
  },
  E_FAT_LABEL: {
    kinds: ["contract"],
    title: "a FAT file system cannot have the label",
    fix: "Use at most 11 letters, digits, `_` and `-`.",
  },
  E_FAT_NAME: {
    kinds: ["contract"],
    title: "a FAT file system cannot hold some names",
    fix: "Rename the files in the image; in FAT, names that differ only by case are the same.",
  },
  E_FAT_TOO_LARGE: {
    kinds: ["contract"],
    title: "the files for the EFI system partition are too large",
    fix: "Remove files from the EFI directory that the firmware does not need.",
  },
  E_FILE_CHANGED: {
    kinds: ["machine"],
    title: "a file of the image or of --add changed while platter read it",
    fix: "Make sure that no other program changes the files, and try again.",
  },
  E_FILE_KIND: {
    kinds: ["contract"],
    title: "a file of the image is not a regular file",
    fix: "Copy or write the image again, with regular files.",
  },
  E_FILE_OPEN: {
    kinds: ["machine"],
    title: "a file of the image cannot be opened",
    fix: "Check the path and its permissions.",
  },
  E_FILE_READ: {
    kinds: ["machine"],
    title: "a file of the image cannot be read",
    fix: "Check the disk, and try again.",
  },
  E_FILE_SHRANK: {
    kinds: ["machine"],
    title: "a file became shorter while platter read it",
    fix: "Make sure that no other program changes it, and try again.",
  },
  E_GRUB_MODULES: {
    kinds: ["contract", "machine"],
    title: "GRUB's modules for BIOS cannot be made into a core image",
    fix: "Install the package of GRUB's modules in the image again, or pass --no-bios.",
  },
  E_GRUB_TEXT: {
    kinds: ["contract"],
    title: "a text for GRUB's menu holds a control character",
    fix: "Write menu texts and kernel arguments on one line, in printable characters.",
  },
  E_IMAGE_ARCH: {
    kinds: ["contract"],
    title: "the image is not for the required architecture",
    fix: "Name an image for this architecture, or choose another one with --arch.",
  },
  E_IMAGE_ARTIFACT: {
    kinds: ["contract"],
    title: "the reference names an artifact that is not a container image",
    fix: "Name a container image.",
  },
  E_IMAGE_EMPTY: {
    kinds: ["contract"],
    title: "the image has no layers",
    fix: "Build or save the image again.",
  },
  E_IMAGE_LAYER: {
    kinds: ["contract"],
    title: "a layer is of a type that platter does not read",
    fix: "Copy the image again with skopeo, decrypted if it is encrypted.",
  },
  E_IMAGE_LAYOUT: {
    kinds: ["contract"],
    title: "the folder or archive does not have the files of its image format",
    fix: "Write it again with `skopeo copy`, `podman save` or `docker save`.",
  },
  E_IMAGE_MANIFEST: {
    kinds: ["contract"],
    title: "an index, manifest or configuration of the image is not valid",
    fix: "Copy the image again with skopeo: it writes OCI manifests.",
  },
  E_IMAGE_MISSING: {
    kinds: ["contract"],
    title: "the image does not exist",
    fix: "Check the name, or pull the image.",
  },
  E_IMAGE_OS: {
    kinds: ["contract"],
    title: "the image is not for Linux",
    fix: "Name an image for Linux.",
  },
  E_IMAGE_TAG: {
    kinds: ["contract"],
    title: "the folder or archive does not have an image of this name",
    fix: "Name one of the images that the error lists.",
  },
  E_IMAGE_TEXTS: {
    kinds: ["contract"],
    title: "the symlinks and extended attributes of the image are too large",
    fix: "Build the image again without these attributes.",
  },
  E_IMAGE_UNCLEAR: {
    kinds: ["contract"],
    title: "the folder or archive has no image, or several images of which none was chosen",
    fix: "Name one of the images after the path.",
  },
  E_PACKAGES: {
    kinds: ["contract"],
    title: "platter does not know which packages add the parts that the image lacks",
    fix: "Begin with an image of Debian, Ubuntu, Fedora, CentOS or Arch Linux, or add the parts yourself.",
  },
  E_PIECE_TOO_LARGE: {
    kinds: ["contract"],
    title: "a file for booting is too large",
    fix: "Check the content of the file.",
  },
  E_SELINUX_POLICY: {
    kinds: ["contract"],
    title: "platter cannot read the SELinux policy of the image",
    fix: "Correct the line that the message names, or build without labels by `--selinux off`.",
  },
  E_TEXT_TOO_LARGE: {
    kinds: ["contract"],
    title: "a text file of the image is too large",
    fix: "Check the content of the file: platter expects a few lines of text.",
  },
  E_TOO_MANY_OWNERS: {
    kinds: ["contract"],
    title: "the files of the image have more owners and groups than a squashfs can hold",
    fix: "Leave files out with --exclude, or choose `--rootfs erofs`.",
  },
  E_XATTR_NAME: {
    kinds: ["contract"],
    title: "an extended attribute has a name that the archive for mkfs.erofs cannot hold",
    fix: "Remove the attribute in the image, or leave the file out with --exclude.",
  },
  E_XATTR_LIBC: {
    kinds: ["machine"],
    title: "no C library found to read a folder with",
    fix: "Run platter on a Linux system with glibc or musl.",
  },

  // tar archives
  E_TAR_CHECKSUM: {
    kinds: ["contract"],
    title: "a header of a tar archive is damaged",
    fix: "Fetch or write the image again.",
  },
  E_TAR_LINK: {
    kinds: ["contract"],
    title: "a link in a tar archive does not lead to a file",
    fix: "Build the image again.",
  },
  E_TAR_NUMBER: {
    kinds: ["contract"],
    title: "a number in a tar archive is not valid",
    fix: "Build the image again.",
  },
  E_TAR_PATH: {
    kinds: ["contract"],
    title: "a path in a tar archive is not valid, or leaves the image",
    fix: "Build the image again.",
  },
  E_TAR_PAX: {
    kinds: ["contract"],
    title: "an extended header of a tar archive is not valid",
    fix: "Build the image again.",
  },
  E_TAR_SIZE: {
    kinds: ["contract"],
    title: "a tar archive has more members or bytes than platter reads",
    fix: "Check that the archive is an image.",
  },
  E_TAR_SPARSE: {
    kinds: ["contract"],
    title: "a sparse file in a tar archive is not valid",
    fix: "Build the image again, for example without `tar --sparse`.",
  },
  E_TAR_TRUNCATED: {
    kinds: ["contract"],
    title: "a tar archive is cut off",
    fix: "Fetch or write the image again.",
  },
  E_TAR_TYPE: {
    kinds: ["contract"],
    title: "a member of a tar archive is of an unknown type",
    fix: "Build the image again.",
  },
  E_TAR_XATTR: {
    kinds: ["contract"],
    title: "a file in a tar archive has more extended attributes than Linux allows",
    fix: "Build the image again without these attributes.",
  },

  // Payloads
  E_PAYLOAD_DIGEST: {
    kinds: ["tool", "contract"],
    title: "the storage does not have a digest or manifest of the payload",
    fix: "Write the image into a folder with `skopeo copy`, and name `oci:DIR`.",
  },
  E_PAYLOAD_LAYER: {
    kinds: ["contract"],
    title: "podman's storage cannot hold a layer of the payload",
    fix: "Build the payload again with podman or buildah.",
  },
  E_PAYLOAD_MISSING: {
    kinds: ["contract"],
    title: "the payload does not exist",
    fix: "Check the name, or pull the image.",
  },
  E_PAYLOAD_PLACE: {
    kinds: ["contract"],
    title: "the path of podman's storage does not lead to a folder in the image",
    fix: "Make it a folder in the image, or remove it.",
  },
  E_PAYLOAD_STORAGE: {
    kinds: ["contract"],
    title: "the image's own container storage is not in podman's format",
    fix: "Remove it from the image, or leave it out with --exclude.",
  },

  // Programs
  E_START: {
    kinds: ["usage", "contract", "tool", "machine", "media"],
    title: "several things that the run needs are missing or wrong",
    fix: "Correct each of the problems that the error lists.",
  },
  E_FIRMWARE_MISSING: {
    kinds: ["tool"],
    title: "no firmware for the virtual machine found",
    fix: "Install the packages that the hint names.",
  },
  E_PODMAN_ANSWER: {
    kinds: ["tool"],
    title: "podman's output is not in the expected form",
    fix: "Use podman 4 or later.",
  },
  E_DOCKER: {
    kinds: ["tool"],
    title: "the image cannot be fetched from Docker's daemon",
    fix: "Check with `docker images` that Docker runs and that you may use it.",
  },
  E_REGISTRY: {
    kinds: ["tool"],
    title: "the image cannot be fetched from the registry",
    fix: "Check the name, the network, and the login.",
  },
  E_TOOL_FAILED: {
    kinds: ["tool"],
    title: "a program failed",
    fix: "Read the last lines of its output below the error.",
  },
  E_TOOL_MISSING: {
    kinds: ["tool"],
    title: "a program is not in PATH",
    fix: "Install the packages that the hint names.",
  },
  E_TOOL_VERSION: {
    kinds: ["tool"],
    title: "a program is too old",
    fix: "Install a newer version of the package that the hint names.",
  },

  // The system
  E_BOOT_LOGS: {
    kinds: ["machine"],
    title: "the folder for the logs of a boot cannot be made",
    fix: "Name a folder that you may write to with --keep.",
  },
  E_DISK_SPACE: {
    kinds: ["machine"],
    title: "a folder does not have the space that the build needs",
    fix: "Free some space, or use a larger file system for -o, --work or TMPDIR.",
  },
  E_INPUT: {
    kinds: ["machine"],
    title: "a file that an option names cannot be read",
    fix: "Name a regular file that you may read.",
  },
  E_ISO_OPEN: {
    kinds: ["machine"],
    title: "the ISO cannot be opened",
    fix: "Name a file, or a disk such as /dev/sdb.",
  },
  E_MACHINE: {
    kinds: ["machine"],
    title: "the system refused a call",
    fix: "Check the disk and the limits of this machine, and try again.",
  },
  E_NO_SPACE: {
    kinds: ["machine"],
    title: "the disk is full, or its quota is used up",
    fix: "Free some space, or put the output and --work on a larger file system.",
  },
  E_SPOOL_READ: {
    kinds: ["machine"],
    title: "a temporary copy of a part of the image cannot be read",
    fix: "Check the disk, and try again.",
  },
  E_SPOOL_WRITE: {
    kinds: ["machine"],
    title: "a temporary copy of a part of the image cannot be written",
    fix: "Use --work with a folder that has more space.",
  },
  E_STDOUT: {
    kinds: ["machine"],
    title: "standard output cannot be written",
    fix: "Check where the output goes, for example whether its disk is full.",
  },
  E_THREAD: {
    kinds: ["machine"],
    title: "a thread ended too early",
    fix: "Check the memory and the limits of this machine, and try again.",
  },

  // Finished ISOs
  E_BOOTS_NOWHERE: {
    kinds: ["media"],
    title: "the ISO boots nowhere",
    fix: "Read the reasons in the report of `platter verify`.",
  },
  E_ISOMD5: {
    kinds: ["media"],
    title: "the checksum in the ISO is missing or wrong",
    fix: "Make or download the ISO again.",
  },
  E_ISOMD5_PRESENT: {
    kinds: ["usage"],
    title: "the place for the checksum in the ISO already has content",
    fix: "Check it with `platter implant --check`, or replace it with `platter implant --force`.",
  },
  E_ISO_INCOMPLETE: {
    kinds: ["media"],
    title: "the ISO is cut off",
    fix: "Continue the download, or start it again.",
  },
  E_ISO_NO_VOLUME: {
    kinds: ["media"],
    title: "the file is not an ISO 9660 file system",
    fix: "Name the file of an ISO.",
  },
  E_ISO_TOO_SMALL: {
    kinds: ["media"],
    title: "the ISO is too small for a checksum",
    fix: "Use the ISO without a checksum.",
  },
  E_ISO_TRUNCATED: {
    kinds: ["media"],
    title: "the ISO ends before its volume does",
    fix: "Make or download the ISO again.",
  },
  E_NOT_AN_ISO: {
    kinds: ["media"],
    title: "the file is not an ISO",
    fix: "Name the file of an ISO.",
  },
  E_NOT_BOOTED: {
    kinds: ["media"],
    title: "at least one boot of the ISO in the virtual machine failed",
    fix: "Look at the serial logs and screenshots that the error names.",
  },
  E_REQUIRED: {
    kinds: ["media"],
    title: "the ISO does not boot in a way that --require names",
    fix: "Read the reasons below the error.",
  },
  E_SIZES: {
    kinds: ["media"],
    title: "the root file system of an ISO cannot be read",
    fix: "Check the ISO with `platter verify`.",
  },
  E_VERIFY: {
    kinds: ["media"],
    title: "the ISO failed checks",
    fix: "Make or download the ISO again.",
  },

  // The run itself
  E_BUG: {
    kinds: [],
    title: "platter has a bug",
    fix: "Report it with the lines below the error.",
  },
  E_INTERRUPTED: {
    kinds: ["interrupted"],
    title: "a signal ended the run, for example Ctrl-C",
    fix: "Start the command again.",
  },
} as const satisfies Record<string, ErrorText>;

/** Stable code of an error that is not a finding. */
export type ErrorCode = keyof typeof ERRORS;

/** Codes of the errors of a kind. */
export type ErrorCodeOf<K extends ErrorKind> = {
  [C in ErrorCode]: K extends (typeof ERRORS)[C]["kinds"][number] ? C : never;
}[ErrorCode];

declare const ofFinding: unique symbol;
/** The code of an error that a single finding causes: the finding's code with `E_` instead of `F_`. */
export type FindingErrorCode = `E_${string}` & { readonly [ofFinding]: true };
